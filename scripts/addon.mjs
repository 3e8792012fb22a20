// Builds an addon with node-gyp when it is missing or older than its sources.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function filesOf(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/**
 * Says nothing when there is nothing to do.
 *
 * @param {string} folder where binding.gyp is, and `build` will be
 * @param {string[]} targets the names of the addons in it
 * @param {string[]} sources files and folders
 * @returns {string[]} the addons
 */
export function buildAddons(folder, targets, sources) {
  const addons = targets.map((target) => join(folder, 'build', 'Release', `${target}.node`));
  const oldest = Math.min(...addons.map(modified));
  const newest = Math.max(...[join(folder, 'binding.gyp'), ...sources.flatMap(filesOf)].map(modified));
  if (process.platform === 'linux' && oldest < newest) {
    const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
    execFileSync(process.execPath, [nodeGyp, 'configure', 'build', '--jobs=max', '--loglevel=error'], {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, GYP_DEFINES: 'werror=1' },
    });
    // make leaves one as it is where a source that is newer makes no difference to it.
    for (const addon of addons) utimesSync(addon, new Date(), new Date());
  }
  return addons;
}
