import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodes, passes } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';

test.each([
  ['it has the pid of who wrote it, whole, and is removed once', 'write-remove'],
  ['it is removed when the process ends', 'at-exit'],
  ['it stays where it was written, wherever the process goes', 'moved'],
  ['it is refused while a server runs with it, and replaced when that has ended', 'running'],
  ['who takes the place of a server takes its pid file, and leaves it to that one if it ends', 'taken-over'],
  ['a pid that is somebody else’s by now fools nobody', 'pid-reuse'],
  ['forked children neither remove it nor keep it', 'children'],
  ['one that somebody else has put in its place is left alone', 'not-ours'],
  ['what is no pid file is not replaced', 'no-pid-file'],
])('%s', async (_, name) => {
  const folder = temporaryDirectory();
  await passes('pid-file-cases.mjs', { args: [name, join(folder, 'x.pid')] });
  if (name === 'at-exit') expect(readdirSync(folder)).toEqual([]);
});

test.each(nodes())('of many that want it at once, one gets it: on Node $major', async ({ path: node }) => {
  await passes('pid-file-cases.mjs', { node, args: ['together', join(temporaryDirectory(), 'x.pid')] });
});
