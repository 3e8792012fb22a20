// What a fork does to child_process.spawn of the parent, with keepDontfork and without; and what keepDontfork does to the
// fork.
//
// `npm run bench -- spawn [--rows small,large]`
import { group, row } from './result.mjs';
import { node } from './running.mjs';
import { measure } from './side-by-side.mjs';

const BAR = 1.5;
const KEPT = 'fork({ keepDontfork: true })';

/** @param megabytes on the heap, more than there are */
function spawn(name, megabytes) {
  return ({ times: few }) => {
    const { rss, times } = node('spawn-after-fork.mjs', megabytes, few(60), few(40));
    const before = 'spawnSync before any fork';
    return [
      group({
        name,
        title: `spawnSync of a parent that has forked, ${rss} MB`,
        about: 'How long spawnSync of /bin/true takes in a process before it has forked, and after each kind of fork.',
        unit: 'ms',
        better: 'less',
        rows: [
          row(before, times[before]),
          row(`spawnSync after ${KEPT}`, times[`spawnSync after ${KEPT}`], { ours: true }),
          row('spawnSync after fork()', times['spawnSync after fork()'], { ours: true }),
        ],
        bars: [{ row: `spawnSync after ${KEPT}`, peer: before, share: BAR }],
      }),
      group({
        name: `${name}-fork`,
        title: `The fork itself, ${rss} MB`,
        about: 'How long fork, _exit and waitpid take with keepDontfork, against the same without.',
        unit: 'ms',
        better: 'less',
        rows: [row(KEPT, times[KEPT], { ours: true }), row('fork()', times['fork()'])],
      }),
    ];
  };
}

await measure({
  name: 'spawn',
  title: 'child_process.spawn of a parent that has forked',
  about: 'A fork can make the spawns that follow slower; keepDontfork is the option that has it not.',
  versions: [],
  rows: { small: spawn('small', 0), large: spawn('large', 220) },
});
