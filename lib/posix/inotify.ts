import { endianness } from 'node:os';
import { wrongValue } from '../mistakes.js';
import { descriptor, flagBits, int, integer, path as fileName, view } from './arguments.js';
import { answered } from './errno.js';
import { constant, native, needAddon } from './native.js';

/** Flag of inotify_init1: closed by exec. */
export const IN_CLOEXEC = constant('IN_CLOEXEC');
/** Flag of inotify_init1: who would have to wait gets EAGAIN. */
export const IN_NONBLOCK = constant('IN_NONBLOCK');
/** Event: a file that was open for writing was closed, also by the end of the process that had it open. */
export const IN_CLOSE_WRITE = constant('IN_CLOSE_WRITE');
/** Event: something was made in the directory. */
export const IN_CREATE = constant('IN_CREATE');
/** Event: something was removed from the directory. */
export const IN_DELETE = constant('IN_DELETE');
/** Event: what is watched was removed, and nobody has it open. */
export const IN_DELETE_SELF = constant('IN_DELETE_SELF');
/** Part of a mask: no events of files that have lost their name. */
export const IN_EXCL_UNLINK = constant('IN_EXCL_UNLINK');
/** Of an event: the watch has ended, by `inotify_rm_watch` or because the file is gone. */
export const IN_IGNORED = constant('IN_IGNORED');
/** Event: a file was written to, or cut. */
export const IN_MODIFY = constant('IN_MODIFY');
/** Event: something left the directory under this name; IN_MOVED_TO with the same cookie tells where it is. */
export const IN_MOVED_FROM = constant('IN_MOVED_FROM');
/** Event: something came into the directory under this name. */
export const IN_MOVED_TO = constant('IN_MOVED_TO');
/** Event: what is watched was moved. */
export const IN_MOVE_SELF = constant('IN_MOVE_SELF');
/** Part of a mask: ENOTDIR if it is no directory. */
export const IN_ONLYDIR = constant('IN_ONLYDIR');
/** Event: the queue was full, and events are missing. */
export const IN_Q_OVERFLOW = constant('IN_Q_OVERFLOW');

/**
 * A queue of file system events, as a descriptor that is readable when there are some.
 *
 * @param flags 0, or `IN_CLOEXEC | IN_NONBLOCK`
 * @throws {PosixError} EINVAL: other flags; EMFILE: too many descriptors, or queues of this user
 * @see https://man7.org/linux/man-pages/man2/inotify_init.2.html
 */
export function inotify_init1(flags: number): number {
  flagBits('flags', flags);
  return answered(native.inotify_init1(flags), 'inotify_init1', flags, {}, inotify_init1);
}

/**
 * Puts the events of a file or directory into a queue.
 *
 * @param mask the events, `IN_…` or'ed together
 * @returns the watch's number
 * @throws {FileNotFoundError} ENOENT
 * @throws {PosixError} EACCES, EBADF, EINVAL, ENOTDIR; ENOSPC: too many watches of this user
 * @see https://man7.org/linux/man-pages/man2/inotify_add_watch.2.html
 */
export function inotify_add_watch(fd: number, path: string, mask: number): number {
  needAddon('inotify_add_watch');
  descriptor(fd);
  fileName(path);
  integer('mask', mask, 1, 2 ** 32 - 1);
  return answered(
    native.inotify_add_watch(fd, path, mask),
    'inotify_add_watch',
    `'${path}'`,
    { path, fd },
    inotify_add_watch,
  );
}

/**
 * Ends a watch.
 *
 * @throws {PosixError} EBADF; EINVAL: no such watch
 * @see https://man7.org/linux/man-pages/man2/inotify_rm_watch.2.html
 */
export function inotify_rm_watch(fd: number, watch: number): void {
  descriptor(fd);
  int('watch', watch);
  answered(native.inotify_rm_watch(fd, watch), 'inotify_rm_watch', `${fd}, ${watch}`, { fd }, inotify_rm_watch);
}

/** An event of a queue. */
export interface InotifyEvent {
  /** Which watch: what `inotify_add_watch` answered; -1 with `IN_Q_OVERFLOW`. */
  watch: number;
  /** What has happened: `IN_…` or'ed together. */
  mask: number;
  /** The same in the two events of a rename; else 0. */
  cookie: number;
  /** The file in the watched directory; empty when it is the watched file itself. */
  name: string;
}

/**
 * The events in what `read` gave from a queue (struct inotify_event).
 *
 * @throws {TypeError} ERR_INVALID_ARG_VALUE: the last one is not whole, as the kernel gives them
 */
export function inotifyEvents(buffer: ArrayBuffer | ArrayBufferView): InotifyEvent[] {
  const bytes = view('buffer', buffer);
  const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = endianness() === 'LE';
  const header = 16;
  const events: InotifyEvent[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = at + header <= bytes.length ? fields.getUint32(at + 12, little) : 0;
    if (at + header + length > bytes.length) throw wrongValue('buffer', 'must have whole events', buffer);
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + at + header, length).toString('utf8');
    const end = name.indexOf('\0');
    events.push({
      watch: fields.getInt32(at, little),
      mask: fields.getUint32(at + 4, little),
      cookie: fields.getUint32(at + 8, little),
      name: end < 0 ? name : name.slice(0, end),
    });
    at += header + length;
  }
  return events;
}
