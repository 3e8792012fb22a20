import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getuid } from './posix/index.js';

/**
 * The directory of this user for what processes keep while they run, made if it is missing: `$XDG_RUNTIME_DIR/truefork`,
 * or `truefork-UID` among the temporary files. Nobody else can read or write it.
 *
 * @param name a folder in it
 * @throws {UnsupportedPlatformError} there are no users, on Windows
 * @throws {Error} ERR_UNSAFE_DIRECTORY: somebody else owns it, or may write to it; ENOENT: there is no `$XDG_RUNTIME_DIR`, or
 * no directory for temporary files
 */
export function runtimeDirectory(name: string): string {
  const base = process.env['XDG_RUNTIME_DIR'];
  // Not os.userInfo(): that reads the user database.
  const uid = (process.getuid ?? getuid)();
  const root = base ? join(base, 'truefork') : join(tmpdir(), `truefork-${uid}`);
  makeRoot(root);
  const stat = lstatSync(root);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    const message = `${root} must be a directory of user ${uid} that nobody else can enter (mode 0700)`;
    throw Object.assign(new Error(message), { code: 'ERR_UNSAFE_DIRECTORY', path: root });
  }
  const directory = join(root, name);
  makeDirectories(directory);
  return directory;
}

/** Not what it is to be in: that is the system's, or the session's, to make. */
function makeRoot(root: string): void {
  // To look first is the cheaper: it is there, as a rule.
  if (lstatSync(root, { throwIfNoEntry: false })) return;
  try {
    mkdirSync(root, { mode: 0o700 });
  } catch (error) {
    // Somebody else was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Makes a directory of this user alone, and those that it is in, if they are missing. Not mkdirSync() with `recursive`: of a
 * file system that is read-only that says ENOENT, and where the kernel says ENOENT, as in /proc, it tries without end.
 *
 * @throws {Error} that of mkdir(2)
 */
export function makeDirectories(directory: string): void {
  if (isDirectory(directory)) return;
  makeDirectories(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    // Somebody else may have been quicker.
    if (!isDirectory(directory)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
