/**
 * The raw calls, as in the man pages: names, argument order, constants and results. A call that fails throws a
 * `PosixError` of its errno's class; nothing is retried, nothing has a hidden default.
 */
export { ChildWatcher, type EndSource, type OnEnd } from './child-watcher.js';
export { ownChildren } from './children.js';
export * from './credentials.js';
export { errno, strerror } from './errno.js';
export { errnoNames, type ErrnoName } from './errno-names.js';
export * from './errors.js';
export * from './descriptor.js';
export * from './filesystem.js';
export { atfork, fork, forkMany, type Forked, type ForkHooks, type ForkOptions } from './fork.js';
export * from './inotify.js';
export * from './mapping.js';
export * from './namespace.js';
export * from './polling.js';
export * from './prctl.js';
export { prepareFork } from './prepare.js';
export {
  blockedIn,
  childrenOfThread,
  processMemory,
  processStat,
  type ProcessMemory,
  type ProcessStat,
} from './proc.js';
export * from './process.js';
export { ps, type ProcessEntry, type PsOptions } from './ps.js';
export { ProcessTree, pstree } from './pstree.js';
export * from './random.js';
export * from './resource.js';
export * from './retry.js';
export * from './sched.js';
export * from './session.js';
export * from './signal.js';
export * from './stack.js';
export { outputWritten } from './streams.js';
export * from './socket.js';
export * from './sysconf.js';
export * from './timer.js';
export type { ResourceUsage } from './usage.js';
export * from './user.js';
export * from './wait.js';
export * from './wait-status.js';
export { waitpidAsync } from './waitpid-async.js';
export * from './watcher.js';
