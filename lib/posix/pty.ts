import { fstatSync } from 'node:fs';
import { descriptor, flagBits } from './arguments.js';
import { answered } from './errno.js';
import { fork, type ForkOptions } from './fork.js';
import { constant, native } from './native.js';
import { nameAnswered } from './terminal-name.js';
import { toWinsize, toWords, type Termios, type WindowSize } from './termios-words.js';

/**
 * Opens the master of a new pseudoterminal.
 *
 * @param flags `O_RDWR`, with `O_NOCTTY` and `O_CLOEXEC` or'ed to it
 * @throws {PosixError} EINVAL; EMFILE, ENFILE; ENOSPC: /proc/sys/kernel/pty/max terminals are there; ENOENT: no /dev/ptmx
 * @see https://man7.org/linux/man-pages/man3/posix_openpt.3.html
 */
export function posix_openpt(flags: number): number {
  flagBits('flags', flags);
  return answered(native.posix_openpt(flags), 'posix_openpt', flags, {}, posix_openpt);
}

/**
 * Makes the slave of a pseudoterminal this user's. Linux does it by itself.
 *
 * @param fd the master
 * @throws {PermissionError} EACCES
 * @throws {PosixError} EBADF; EINVAL, ENOTTY: it is no master
 * @see https://man7.org/linux/man-pages/man3/grantpt.3.html
 */
export function grantpt(fd: number): void {
  descriptor(fd);
  answered(native.grantpt(fd), 'grantpt', fd, { fd }, grantpt);
}

/**
 * Lets the slave of a pseudoterminal be opened.
 *
 * @param fd the master
 * @throws {PosixError} EBADF; EINVAL, ENOTTY: it is no master
 * @see https://man7.org/linux/man-pages/man3/unlockpt.3.html
 */
export function unlockpt(fd: number): void {
  descriptor(fd);
  answered(native.unlockpt(fd), 'unlockpt', fd, { fd }, unlockpt);
}

/**
 * The path of the slave of a pseudoterminal.
 *
 * @param fd the master
 * @throws {PosixError} EBADF; ENOTTY: it is no master
 * @see https://man7.org/linux/man-pages/man3/ptsname.3.html
 */
export function ptsname(fd: number): string {
  return nameAnswered(native.ptsname(descriptor(fd)), 'ptsname', fd, ptsname);
}

/** The two ends of a pseudoterminal. */
export interface Pty {
  /** The end of who plays the keyboard and the screen. */
  master: number;
  /** The end of the programs: a terminal. */
  slave: number;
}

const ends = new Int32Array(2);

/**
 * Makes a pseudoterminal. A program that is executed inherits both ends.
 *
 * @param termios its modes; without, those that the kernel gives every terminal
 * @param winsize its size; without, 0 by 0
 * @throws {PosixError} EINVAL: a speed that is none of `B…`; EMFILE, ENFILE, ENOENT, ENOSPC: as `posix_openpt`
 * @see https://man7.org/linux/man-pages/man3/openpty.3.html
 */
export function openpty(termios?: Termios, winsize?: WindowSize): Pty {
  const words = termios === undefined ? null : toWords('termios', termios);
  const size = winsize === undefined ? null : toWinsize('winsize', winsize);
  answered(native.openpty(ends, words, size), 'openpty', '', {}, openpty);
  return { master: ends[0] ?? -1, slave: ends[1] ?? -1 };
}

/**
 * Makes this process the leader of a new session, a terminal its controlling terminal and its descriptors 0 to 2, and closes
 * `fd`. For a process that has just been forked: one that leads a process group cannot have a new session.
 *
 * @param fd a terminal that is no other session's
 * @throws {PermissionError} EPERM: the session has a terminal, or the terminal a session
 * @throws {PosixError} EBADF; ENOTTY: it is no terminal
 * @see https://man7.org/linux/man-pages/man3/login_tty.3.html
 */
export function login_tty(fd: number): void {
  descriptor(fd);
  answered(native.login_tty(fd), 'login_tty', fd, { fd }, login_tty);
}

const O_CLOEXEC = constant('O_CLOEXEC');
const STANDARD = [0, 1, 2];

// Of a stream that is a terminal, Node has opened the terminal again, under another number.
function terminalHandles(): number[] {
  const handles = native.handleDescriptors();
  if (typeof handles === 'number') return [];
  const ownTerminals = STANDARD.filter((fd) => native.isatty(fd)).map((fd) => fstatSync(fd).rdev);
  return handles.filter((fd) => native.isatty(fd) && ownTerminals.includes(fstatSync(fd).rdev));
}

/**
 * Forks a child that lives in a new terminal: it leads a session of its own, the terminal is its controlling terminal and its
 * descriptors 0 to 2. As every fork, the child is a whole Node.js. `process.stdout` and the others, where this process has used
 * them, write to the terminal in the child, but are in kind what they were: `isTTY` and colours are those of the parent.
 *
 * @param termios the modes of the terminal; without, those that the kernel gives every one
 * @param winsize its size; without, 0 by 0
 * @param options those of `fork`
 * @returns in the parent, the child's pid and the master of its terminal, which is close-on-exec; in the child, pid 0 and
 * master -1
 * @throws {ForkUnsafeError} as `fork`
 * @throws {PosixError} as `openpty` and `fork`
 * @see https://man7.org/linux/man-pages/man3/forkpty.3.html
 */
export function forkpty(
  termios?: Termios,
  winsize?: WindowSize,
  options: ForkOptions = {},
): { pid: number; master: number } {
  const { master, slave } = openpty(termios, winsize);
  let pid;
  let handles: number[];
  try {
    handles = terminalHandles();
    native.fcntl(master, constant('F_SETFD'), constant('FD_CLOEXEC'));
    pid = fork(options);
  } catch (error) {
    native.close(master);
    native.close(slave);
    throw error;
  }
  if (pid !== 0) {
    native.close(slave);
    return { pid, master };
  }
  native.close(master);
  const result = native.login_tty(slave);
  // Out of forkpty(), it would look as if there were no child.
  if (result < 0) native.giveUp('get its terminal', `login_tty: errno ${-result}`);
  for (const fd of handles) if (!STANDARD.includes(fd)) native.dup3(STANDARD[0] ?? 0, fd, O_CLOEXEC);
  return { pid: 0, master: -1 };
}
