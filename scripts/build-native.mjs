// Builds the addon when it is missing or older than its sources; says nothing when there is nothing to do. With a folder
// of test/ as its argument, the build of the addon that the folder's binding.gyp describes, into the folder.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function build(folder, sources) {
  const newest = Math.max(...[join(folder, 'binding.gyp'), ...sources].map(modified));
  if (process.platform !== 'linux' || modified(join(folder, 'build', 'Release', 'truefork.node')) >= newest) return;
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  execFileSync(process.execPath, [nodeGyp, 'configure', 'build', '--jobs=max', '--loglevel=error'], {
    cwd: folder,
    stdio: 'inherit',
  });
}

const native = [join(root, 'binding.gyp'), ...filesIn(join(root, 'native'))];
const [variant] = process.argv.slice(2);
if (variant === undefined) {
  build(root, native);
} else {
  const folder = join(root, variant);
  const own = readdirSync(folder).filter((name) => name.endsWith('.cc'));
  build(folder, [...native, ...own.map((name) => join(folder, name))]);
}
