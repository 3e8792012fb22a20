// Builds the addon when it is missing or older than its sources; says nothing when there is nothing to do.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const addon = join(root, 'build', 'Release', 'truefork.node');

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

const sources = readdirSync(join(root, 'native'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const newest = Math.max(...[join(root, 'binding.gyp'), ...sources].map(modified));

if (process.platform === 'linux' && modified(addon) < newest) {
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  execFileSync(process.execPath, [nodeGyp, 'configure', 'build', '--jobs=max', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
}
