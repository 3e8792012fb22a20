// Puts the addon into the package: whoever installs it on this platform needs no compiler. With arguments, that file in place
// of the addon that has been built, into that folder in place of prebuilds.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { tooNew } from './symbol-versions.mjs';

const root = join(import.meta.dirname, '..');
const [addon = join(root, 'build', 'Release', 'truefork.node'), prebuilds = join(root, 'prebuilds')] =
  process.argv.slice(2);

if (process.platform !== 'linux') {
  console.error(`the addon is of Linux, and cannot be built on ${process.platform}`);
  process.exit(1);
}
const symbols = tooNew(addon);
if (symbols.length > 0) {
  console.error(`the addon would not load on the least system that is supported: it needs ${symbols.join(', ')}`);
  process.exit(1);
}

const folder = join(prebuilds, `${process.platform}-${process.arch}`);
mkdirSync(folder, { recursive: true });
// Renamed into place: somebody may be packing it.
const stripped = join(folder, `truefork.node.${process.pid}`);
execFileSync('strip', ['--strip-unneeded', '-o', stripped, addon]);
renameSync(stripped, join(folder, 'truefork.node'));
