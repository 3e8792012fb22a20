// Descriptors and files that a test opens: closed and removed after it, also if it fails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { close, isPosixError, open, openpty, pipe2, type Pty } from 'truefork/posix';

const opened: number[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const fd of opened.splice(0)) {
    try {
      close(fd);
    } catch (error) {
      if (!isPosixError(error, 'EBADF')) throw error;
    }
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** These descriptors, closed after the test. */
export function opens<Fds extends readonly number[]>(...fds: Fds): Fds {
  opened.push(...fds);
  return fds;
}

/** A new folder. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'truefork-posix-'));
  folders.push(path);
  return path;
}

/** The path of a new file. */
export function file(content = ''): string {
  const path = join(folder(), 'file');
  writeFileSync(path, content);
  return path;
}

/** `open`, closed after the test. */
export function openFile(path: string, flags: number, mode?: number): number {
  const [fd] = opens(open(path, flags, mode));
  return fd;
}

/** `pipe2`, closed after the test. */
export function newPipe(flags = 0): [read: number, write: number] {
  const ends = pipe2(flags);
  opens(...ends);
  return ends;
}

/** `openpty`, closed after the test. */
export function newPty(...args: Parameters<typeof openpty>): Pty {
  const pty = openpty(...args);
  opens(pty.master, pty.slave);
  return pty;
}
