// The only worker is killed: how long until another accepts connections. Each time with a server that is new, because one whose worker
// ends again and again waits before it has the next forked.
import { group, interleave, row } from '../result.mjs';
import { cluster, truefork } from './contestants.mjs';
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

/** Milliseconds from the kill until the next worker accepts connections, and until it has answered. */
async function respawnTimes(server) {
  const family = await server('express', 1);
  const { port } = family;
  const victim = await ask(port);
  const begun = performance.now();
  const time = () => performance.now() - begun;
  process.kill(victim, 'SIGKILL');
  const [accepting, answered] = await Promise.all([
    family.listening(2).then(time),
    answerOfAnother(port, victim).then(time),
  ]);
  await family.stop();
  return { accepting, answered };
}

export default async function respawn({ times }) {
  const values = await interleave(times(ROUNDS), {
    ours: () => respawnTimes(truefork),
    theirs: () => respawnTimes(cluster),
  });
  const rows = (when) => [
    row(
      'truefork',
      values.ours.map((value) => value[when]),
      { ours: true },
    ),
    row(
      'node:cluster',
      values.theirs.map((value) => value[when]),
    ),
  ];
  const common = { unit: 'ms', better: 'less' };
  return [
    group({
      name: 'respawn',
      title: 'The only worker is killed, until the next one accepts',
      about: 'How long nobody accepts connections after the only worker has been killed.',
      ...common,
      rows: rows('accepting'),
      bars: [{ row: 'truefork', peer: 'node:cluster', times: BAR }],
      isPictured: true,
    }),
    group({
      name: 'respawn-answer',
      title: 'The only worker is killed, until the next one has answered',
      about: 'How long it takes after that until a request is answered, of which one is sent every 5 ms.',
      ...common,
      rows: rows('answered'),
    }),
  ];
}
