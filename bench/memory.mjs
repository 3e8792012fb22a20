// How much of its memory a child has to itself, from the fork on and after each collection of garbage: with prepareFork()
// before the fork, and without.
//
// `npm run bench -- memory [--rows small,large]`
import { join } from 'node:path';
import { group, row } from './result.mjs';
import { printed } from './running.mjs';
import { measure } from './side-by-side.mjs';

const program = join(import.meta.dirname, 'programs', 'memory-curve.mjs');

/** What the child has at each step of its life. */
function curve(megabytes, how) {
  const output = printed(process.execPath, '--max-old-space-size=4096', program, megabytes, how);
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function memory(name, megabytes) {
  return () => {
    const plain = curve(megabytes, 'plain');
    const prepared = curve(megabytes, 'prepared');
    const rows = plain.flatMap(({ step, own, rss }, index) => [
      row(`${step}, prepareFork()`, [prepared[index].own], { ours: true, of: prepared[index].rss, peers: [step] }),
      row(step, [own], { of: rss }),
    ]);
    return [
      group({
        name,
        title: `A child of a parent with a heap of ${megabytes} MB`,
        about:
          'How much of the memory that a child has is its own and shared with nobody, at each step of its life, where the parent has called prepareFork() and where it has not.',
        unit: 'MB',
        better: 'less',
        rows,
      }),
    ];
  };
}

await measure({
  name: 'memory',
  title: 'The memory of a forked child',
  about:
    'A forked child shares its memory with its parent until one of them writes; prepareFork() has the parent tidy up before.',
  versions: [],
  rows: { small: memory('small', 50), large: memory('large', 250) },
});
