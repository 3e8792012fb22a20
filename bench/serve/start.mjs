// Four workers of an HTTP server, from "start" to all accepting: prefork against node:cluster. Each time in a process of
// its own, in turn, so that both see the machine as it is.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { compared, interleave } from './figures.mjs';

/** The application that the bar is for, and how many times as fast prefork has to be. */
export const BAR = { application: 'express', ratio: 25 };
const ROUNDS = 15;

function measure(server, application) {
  const program = join(import.meta.dirname, '..', 'programs', `start-${server}.mjs`);
  return Number(execFileSync(process.execPath, [program, application], { encoding: 'utf8' }));
}

/** Milliseconds of each round. */
export function startTimes(application, rounds = ROUNDS) {
  return interleave(rounds, {
    prefork: () => measure('prefork', application),
    cluster: () => measure('cluster', application),
  });
}

export default async function start() {
  const { application, ratio } = BAR;
  const { prefork, cluster } = await startTimes(application);
  const figure = { what: '4 workers from start until all accept', unit: 'ms', better: 'less', bar: ratio };
  return {
    figures: [compared({ ...figure, ours: prefork, theirs: cluster, peer: 'cluster' })],
    pictures: [
      {
        name: 'serve-start',
        title: 'Four workers, from start to all accepting',
        unit: 'milliseconds',
        rows: { truefork: prefork, 'node:cluster': cluster },
      },
    ],
  };
}
