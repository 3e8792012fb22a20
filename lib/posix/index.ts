/**
 * The raw calls, as in the man pages: names, argument order, constants and results. A call that fails throws a
 * `PosixError` of its errno's class; nothing is retried, nothing has a hidden default.
 *
 * @module truefork/posix
 */
export { ChildWatcher, type EndSource, type OnEnd } from './child-watcher.js';
export { ownChildren } from './children.js';
export * from './credentials.js';
export { errno, strerror } from './errno.js';
export { errnoNames, type ErrnoName } from './errno-names.js';
export * from './errors.js';
export * from './close-from.js';
export * from './descriptor.js';
export * from './eventfd.js';
export * from './fcntl.js';
export { Fifo } from './fifo.js';
export * from './exec.js';
export * from './filesystem.js';
export { atfork, fork, forkMany, type Forked, type ForkHooks, type ForkOptions } from './fork.js';
export * from './futex.js';
export type { SignalHandler } from './handlers.js';
export * from './inotify.js';
export { intercept, type NativeCalls } from './intercept.js';
export * from './io.js';
export * from './ioctl.js';
export * from './lock.js';
export * from './mapping.js';
export * from './mapping-object.js';
export * from './pages.js';
export * from './memfd.js';
export { Pipe } from './pipe.js';
export { PipeReader, PipeWriter } from './pipe-end.js';
export * from './poll.js';
export type { Environment } from './program.js';
export * from './mutex.js';
export * from './namespace.js';
export * from './polling.js';
export * from './prctl.js';
export { prepareFork } from './prepare.js';
export {
  blockedIn,
  childrenOfThread,
  processArguments,
  processMemory,
  processStat,
  type ProcessMemory,
  type ProcessStat,
} from './proc.js';
export * from './process.js';
export * from './pty.js';
export { PtyProcess, ptySpawn, type PtyOptions } from './pty-process.js';
export { ps, type ProcessEntry, type PsOptions } from './ps.js';
export { ProcessTree, pstree } from './pstree.js';
export * from './random.js';
export { releaseMemory } from './release.js';
export * from './resource.js';
export * from './retry.js';
export * from './shm.js';
export {
  SI_ASYNCIO,
  SI_KERNEL,
  SI_MESGQ,
  SI_QUEUE,
  SI_SIGIO,
  SI_TIMER,
  SI_TKILL,
  SI_USER,
  type Siginfo,
} from './siginfo.js';
export * from './rights.js';
export * from './sched.js';
export * from './session.js';
export * from './signal.js';
export * from './signal-action.js';
export * from './signal-iterator.js';
export * from './signal-mask.js';
export * from './signal-send.js';
export * from './signal-wait.js';
export * from './sleep.js';
export * from './spawn.js';
export * from './stack.js';
export { outputWritten } from './streams.js';
export * from './socket.js';
export * from './termios.js';
export * from './sysconf.js';
export * from './timer.js';
export type { ResourceUsage } from './usage.js';
export * from './user.js';
export * from './wait.js';
export * from './wait-status.js';
export { waitpidAsync } from './waitpid-async.js';
export * from './watcher.js';
