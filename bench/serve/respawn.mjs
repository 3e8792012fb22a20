// The only worker is killed: how long until another answers. Each time with a server that is new, because one whose worker
// ends again and again waits before it has the next forked.
import { cluster, truefork } from './contestants.mjs';
import { compared, interleave } from './figures.mjs';
import { ask } from './load.mjs';

const ROUNDS = 15;
const BAR = 20;
const EVERY = 5; // milliseconds

/** Until somebody answers who is not the victim. */
function answerOfAnother(port, victim) {
  return new Promise((resolve) => {
    const look = () => {
      ask(port)
        // Refused or reset: nobody listens, or the connection was the victim's.
        .catch(() => victim)
        .then((pid) => {
          if (pid === victim) return;
          clearInterval(timer);
          resolve();
        });
    };
    // Without waiting for those before: what the primary of a cluster has passed to the dead worker is never answered.
    const timer = setInterval(look, EVERY);
    look();
  });
}

/** Milliseconds. */
async function respawnTime(server) {
  const family = await server('express', 1);
  const { port } = family;
  const victim = await ask(port);
  const begun = performance.now();
  process.kill(victim, 'SIGKILL');
  await answerOfAnother(port, victim);
  const time = performance.now() - begun;
  await family.stop();
  return time;
}

export default async function respawn() {
  const values = await interleave(ROUNDS, {
    ours: () => respawnTime(truefork),
    theirs: () => respawnTime(cluster),
  });
  const figure = { what: 'respawn after SIGKILL, until the next worker answers', unit: 'ms', better: 'less', bar: BAR };
  return {
    figures: [compared({ ...figure, ...values, peer: 'cluster' })],
    pictures: [
      {
        name: 'serve-respawn',
        title: 'The only worker is killed, until the next one answers',
        unit: 'milliseconds',
        rows: { truefork: values.ours, 'node:cluster': values.theirs },
      },
    ],
  };
}
