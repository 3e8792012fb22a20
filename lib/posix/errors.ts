import type { ErrnoName } from './errno-names.js';

/** What a failed call was about, as far as it applies. */
export interface PosixErrorDetails {
  /** The file that was named. */
  path?: string;
  /** The descriptor that was given. */
  fd?: number;
  /** The process that was named. */
  pid?: number;
  /** Of a sleep that was interrupted: the seconds that were left. */
  remaining?: number;
}

/** A system call that failed. Its class says the kind of error, `code` the errno. */
export class PosixError extends Error implements PosixErrorDetails {
  /** The errno's name, for example `'ECHILD'`. */
  readonly code: ErrnoName;
  /** The errno's number, positive as in `<errno.h>`. (`fs` has the negative one.) */
  readonly errno: number;
  /** The call that failed, for example `'waitpid'`. */
  readonly syscall: string;
  /** The file that was named, if one was. */
  declare readonly path?: string;
  /** The descriptor that was given, if one was. */
  declare readonly fd?: number;
  /** The process that was named, if one was. */
  declare readonly pid?: number;
  /** Of a sleep that was interrupted: the seconds that were left. */
  declare readonly remaining?: number;

  constructor(code: ErrnoName, errno: number, syscall: string, message: string, details: PosixErrorDetails = {}) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    Object.assign(this, details);
  }
}

/** ECHILD: there is no such child, or it has been waited for. */
export class ChildProcessError extends PosixError {}
/** EINTR: a signal handler ran during the call. */
export class InterruptedError extends PosixError {}
/** EAGAIN, EALREADY, EINPROGRESS: the call would block. */
export class BlockingIOError extends PosixError {}
/** ESRCH: there is no such process. */
export class ProcessLookupError extends PosixError {}
/** EACCES, EPERM: not permitted. */
export class PermissionError extends PosixError {}
/** EPIPE, ESHUTDOWN: nobody reads the other end any more. */
export class BrokenPipeError extends PosixError {}
/** ECONNABORTED. */
export class ConnectionAbortedError extends PosixError {}
/** ECONNREFUSED. */
export class ConnectionRefusedError extends PosixError {}
/** ECONNRESET. */
export class ConnectionResetError extends PosixError {}
/** EEXIST: the file exists already. */
export class FileExistsError extends PosixError {}
/** ENOENT: no such file or directory. */
export class FileNotFoundError extends PosixError {}
/** EISDIR. */
export class IsADirectoryError extends PosixError {}
/** ENOTDIR. */
export class NotADirectoryError extends PosixError {}
/** ETIMEDOUT. */
export class TimeoutError extends PosixError {}

/** Which class an errno has; `PosixError` itself is that of all others. The names are CPython's (PEP 3151). */
export const errorClasses: Readonly<Partial<Record<ErrnoName, typeof PosixError>>> = {
  ECHILD: ChildProcessError,
  EINTR: InterruptedError,
  EAGAIN: BlockingIOError,
  EALREADY: BlockingIOError,
  EINPROGRESS: BlockingIOError,
  ESRCH: ProcessLookupError,
  EACCES: PermissionError,
  EPERM: PermissionError,
  EPIPE: BrokenPipeError,
  ESHUTDOWN: BrokenPipeError,
  ECONNABORTED: ConnectionAbortedError,
  ECONNREFUSED: ConnectionRefusedError,
  ECONNRESET: ConnectionResetError,
  EEXIST: FileExistsError,
  ENOENT: FileNotFoundError,
  EISDIR: IsADirectoryError,
  ENOTDIR: NotADirectoryError,
  ETIMEDOUT: TimeoutError,
};

/**
 * Whether this is the error of a system call, and of this errno if one is named.
 *
 * @example
 * try { waitpid(pid, 0); } catch (error) { if (!isPosixError(error, 'ECHILD')) throw error; }
 */
export function isPosixError<Code extends ErrnoName = ErrnoName>(
  error: unknown,
  code?: Code,
): error is PosixError & { code: Code } {
  return error instanceof PosixError && (code === undefined || error.code === code);
}

/** This system cannot do what was asked; the message says what is missing. */
export class UnsupportedPlatformError extends Error {
  readonly code = 'ERR_UNSUPPORTED_PLATFORM';
  override readonly name = 'UnsupportedPlatformError';
}

/** A `Mapping` that cannot do what was asked; `code` says why. Nothing has been changed. */
export class MappingError extends Error {
  override readonly name = 'MappingError';
  readonly code:
    'ERR_MAPPING_CLOSED' | 'ERR_MAPPING_FIXED_SIZE' | 'ERR_MAPPING_NO_DESCRIPTOR' | 'ERR_MAPPING_READ_ONLY';

  constructor(code: MappingError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A signal that has a handler already which is not this library's: `process.on`'s, or an addon's. Nothing has been changed. */
export class SignalInUseError extends Error {
  readonly code = 'ERR_SIGNAL_IN_USE';
  override readonly name = 'SignalInUseError';
}

/** Why a fork was refused. */
export type ForkUnsafeReason =
  /** `fork` was called in a worker thread. */
  | 'not-main-thread'
  /** Threads with a JavaScript or an event loop of their own would not be in the child. */
  | 'worker-threads'
  /** A debugger, a profiler or a tracer works in this process, with threads or files of its own. */
  | 'inspector'
  /** The threadpool works through an io_uring (`UV_USE_IO_URING`), whose memory a family would share. */
  | 'io-uring'
  /** Some thread did not become idle in time. */
  | 'busy-threads'
  /** This Node.js or C library is not one that can be forked. */
  | 'unsupported-platform';

/** A fork that was refused because its child would have been broken. Nothing has been changed. */
export class ForkUnsafeError extends Error {
  readonly code = 'ERR_FORK_UNSAFE';
  override readonly name = 'ForkUnsafeError';
  /** Why; the message names the threads, or whatever else it is. */
  readonly reason: ForkUnsafeReason;

  constructor(reason: ForkUnsafeReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
