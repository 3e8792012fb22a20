// Keeps the families and registries of a test apart from all others of this user.
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const directories: string[] = [];

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** A new directory for this test, of this user alone. It is deleted afterwards. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'truefork-test-'));
  directories.push(directory);
  return directory;
}

/** The environment of what runs in a terminal that can do everything, whatever these tests run in. */
export const terminalEnvironment = { TERM: 'xterm-256color', NO_COLOR: '', SHELL: '/bin/sh' };

/** The environment of programs that see only each other's families and registry. */
export function isolated(): { XDG_RUNTIME_DIR: string } {
  return { XDG_RUNTIME_DIR: temporaryDirectory() };
}

/** Where masters of this pid namespace with this environment keep the files by which they are found. */
export function familyFolder({ XDG_RUNTIME_DIR }: { XDG_RUNTIME_DIR: string }): string {
  return familyFolderIn(join(XDG_RUNTIME_DIR, 'truefork'));
}

/** The same of this runtime directory of truefork's. */
export function familyFolderIn(directory: string): string {
  return join(directory, 'families', readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''));
}
