// The addon, typed. Every function answers a value >= 0, or -errno, unless its type says more; arguments have been
// checked by the caller. Where the addon cannot be, its functions throw, and importing it still works.
import { join } from 'node:path';
import bindings from 'bindings';
import { UnsupportedPlatformError } from './errors.js';

declare const watcher: unique symbol;
/** A watch on a descriptor, in the addon. */
export interface NativeWatcher {
  [watcher]: true;
}

/** How to fork; `timeout` in milliseconds. */
export interface NativeForkOptions {
  timeout: number;
  drop: boolean;
  keepDontfork: boolean;
  sibling: boolean;
}

/** 0: open; 1: close; 2: dup2. */
export type NativeFileAction =
  | readonly [kind: 0, fd: number, path: string, flags: number, mode: number]
  | readonly [kind: 1, fd: number]
  | readonly [kind: 2, fd: number, newfd: number];

/** What posix_spawnattr_t is to have; undefined: not set. */
export interface NativeSpawnAttributes {
  setpgroup: number | undefined;
  setsigmask: readonly number[] | undefined;
  setsigdef: readonly number[];
  resetids: boolean;
  setsid: boolean;
  policy: number | undefined;
  priority: number | undefined;
}

/** An entry of the user database. */
interface NativePasswd {
  name: string;
  uid: number;
  gid: number;
  dir: string;
  shell: string;
}

/** Why a fork was refused. */
export interface Refusal {
  reason: 'not-main-thread' | 'worker-threads' | 'io-uring' | 'busy-threads' | 'unsupported-platform';
  details: string[];
}

/**
 * The calls of the addon, one for each call of `truefork/posix` and some of their own. They check nothing; a call answers a
 * value of 0 or more, or `-errno`, unless its type says more, and what it fills in are its last arguments.
 */
export interface Native {
  readonly constants: Readonly<Record<string, number>>;
  errnos(): [name: string, number: number, text: string][];

  /**
   * Makes one child less than the array is long. Answers how many were made, their pids in the array; in a child 0, its
   * index in children[0], and in children[1] which of the descriptors 0 to 2 have streams (bit n: descriptor n), and
   * whether one of them is a terminal (bit 3).
   */
  fork(options: NativeForkOptions, children: Int32Array): number | Refusal;
  openSignals(): void;
  standardStreams(): number;
  signalLock(): number[];
  takeTerminal(): void;
  giveUp(step: string, why: string): never;

  _exit(status: number): never;
  abort(): never;
  getpid(): number;
  getppid(): number;
  gettid(): number;
  getpgid(pid: number): number;
  setpgid(pid: number, pgid: number): number;
  getsid(pid: number): number;
  setsid(): number;
  tcgetpgrp(fd: number): number;
  tcsetpgrp(fd: number, pgrp: number): number;
  kill(pid: number, signal: number): number;
  killpg(pgrp: number, signal: number): number;
  pidfd_open(pid: number, flags: number): number;
  pidfd_getfd(pidfd: number, targetfd: number, flags: number): number;
  prctl(option: number, value: number): number;
  threadName(): string | number;
  setThreadName(name: string): number;
  syscallName(number: number): string | undefined;

  /** The name of the function that this Node.js does not have, if one is missing. */
  stackOnSignal(signal: number): number | string;
  noStackOnSignal(): void;

  /** Those that execute a program answer only if they fail. */
  execve(path: string, argv: readonly string[], env: readonly string[] | null, restored: readonly number[]): number;
  execvpe(file: string, argv: readonly string[], env: readonly string[] | null, restored: readonly number[]): number;
  fexecve(fd: number, argv: readonly string[], env: readonly string[], restored: readonly number[]): number;
  /** Writes what the event loop has not written yet to descriptors 1 and 2. Answers as `standardStreams`. */
  writeOut(): number;
  writeWhole(fd: number, bytes: Uint8Array): number;
  posixSpawn(
    path: string,
    search: boolean,
    argv: readonly string[],
    env: readonly string[],
    actions: readonly NativeFileAction[],
    attributes: NativeSpawnAttributes,
  ): number;

  waitpid(pid: number, options: number, status: Int32Array): number;
  wait4(pid: number, options: number, status: Int32Array, usage: Float64Array): number;
  waitid(idtype: number, id: number, options: number, info: Int32Array): number;
  /** The pids of the children that the event loop waits for. */
  spawned(): number[];

  /** The nice value, and 20. */
  nice(inc: number): number;
  getpriority(which: number, who: number): number;
  setpriority(which: number, who: number, prio: number): number;
  sched_yield(): number;
  sched_getaffinity(pid: number): number[] | number;
  /** All of them are less than count. */
  sched_setaffinity(pid: number, cpus: Uint32Array, count: number): number;
  sched_getscheduler(pid: number): number;
  sched_setscheduler(pid: number, policy: number, priority: number): number;
  sched_getparam(pid: number): number;
  sched_setparam(pid: number, priority: number): number;
  sched_get_priority_min(policy: number): number;
  sched_get_priority_max(policy: number): number;

  umask(mask: number): number;
  chdir(path: string): number;
  fchdir(fd: number): number;
  getcwd(): string | number;
  chroot(path: string): number;

  unshare(flags: number): number;
  setns(fd: number, nstype: number): number;

  getrusage(who: number, usage: Float64Array): number;
  prlimit(pid: number, resource: number, limits: Float64Array | null, old: Float64Array): number;
  times(times: Float64Array): number;
  getloadavg(averages: Float64Array): number;
  /** 1: there is a value; 0: there is none. */
  sysconf(name: number, value: Float64Array): number;
  sysconfNames(): [name: string, number: number][];

  getuid(): number;
  geteuid(): number;
  getgid(): number;
  getegid(): number;
  getresuid(ids: Uint32Array): number;
  getresgid(ids: Uint32Array): number;
  setuid(uid: number): number;
  seteuid(euid: number): number;
  setgid(gid: number): number;
  setegid(egid: number): number;
  setreuid(ruid: number, euid: number): number;
  setregid(rgid: number, egid: number): number;
  setresuid(ruid: number, euid: number, suid: number): number;
  setresgid(rgid: number, egid: number, sgid: number): number;
  getgroups(): number[] | number;
  setgroups(groups: Uint32Array): number;
  initgroups(user: string, group: number): number;

  getpwnam(name: string): NativePasswd | number | null;
  getpwuid(uid: number): NativePasswd | number | null;
  getgrnam(name: string): { name: string; gid: number } | number | null;

  getrandom(into: Uint8Array, flags: number): number;

  releaseMemory(limit: number): number;

  sigprocmask(how: number, set: Uint32Array | null, old: Uint32Array): number;
  sigpending(set: Uint32Array): number;
  /** Without a set: with the mask that there is. Leaves the set as the mask, and the one before in `old`. */
  sigsuspend(set: Uint32Array | null, old: Uint32Array): number;
  sigtimedwait(set: Uint32Array, timeout: number | null, info: Int32Array): number;
  raise(signal: number): number;
  sigqueue(pid: number, signal: number, value: number): number;
  pidfd_send_signal(pidfd: number, signal: number, flags: number): number;
  strsignal(signal: number): string;

  /** `kind`: 0 the default action, 1 to ignore it, 2 a handler of ours, -1 ask only; `old` gets kind (3: a handler of others), flags, mask. */
  sigaction(signal: number, kind: number, flags: number, mask: Uint32Array, old: Uint32Array): number;
  siginterrupt(signal: number, flag: boolean): number;
  openSignalQueue(count: Int32Array): number;
  renewSignalQueue(): number;
  /** Sets the mask that the handler runs with, and leaves the one before in `mask`. 0 if there is none to be taken. */
  takeSignal(info: Int32Array, mask: Uint32Array): number;
  lostSignals(): number;

  setitimer(which: number, value: number, interval: number, old: Float64Array): number;
  getitimer(which: number, current: Float64Array): number;
  alarm(seconds: number): number;
  timerfd_create(clock: number, flags: number): number;
  timerfd_settime(fd: number, flags: number, value: number, interval: number, old: Float64Array): number;
  timerfd_gettime(fd: number, current: Float64Array): number;
  nanosleep(seconds: number, left: Float64Array): number;

  open(path: string, flags: number, mode: number): number;
  openat(directory: number, path: string, flags: number, mode: number): number;
  close(fd: number): number;
  close_range(first: number, last: number, flags: number): number;
  pipe2(flags: number, ends: Int32Array): number;
  dup(fd: number): number;
  dup2(from: number, to: number): number;
  dup3(from: number, to: number, flags: number): number;
  mkfifo(path: string, mode: number): number;
  mknod(path: string, mode: number, device: number): number;
  makedev(major: number, minor: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  ioctl(fd: number, request: number, argument: number): number;
  ioctlBuffer(fd: number, request: number, buffer: Uint8Array): number;
  eventfd(value: number, flags: number): number;
  eventfd_read(fd: number, value: Float64Array): number;
  eventfd_write(fd: number, value: number): number;
  memfd_create(name: string, flags: number): number;

  read(fd: number, into: Uint8Array): number;
  write(fd: number, from: Uint8Array): number;
  pread(fd: number, into: Uint8Array, offset: number): number;
  pwrite(fd: number, from: Uint8Array, offset: number): number;
  readv(fd: number, into: Uint8Array[]): number;
  writev(fd: number, from: Uint8Array[]): number;
  lseek(fd: number, offset: number, whence: number): number;
  ftruncate(fd: number, length: number): number;
  fsync(fd: number): number;
  sendfile(to: number, from: number, offset: number | null, count: number): number;
  splice(
    from: number,
    fromOffset: number | null,
    to: number,
    toOffset: number | null,
    length: number,
    flags: number,
  ): number;
  copy_file_range: Native['splice'];

  /** `lock`: its type, whence, start, length and pid, in which the kernel's answer comes. */
  fcntlLock(fd: number, command: number, lock: Float64Array): number;
  flock(fd: number, operation: number): number;
  lockf(fd: number, command: number, length: number): number;

  /** `table`: the descriptor, the events and the revents of each. */
  poll(table: Int32Array, timeout: number): number;

  socketpair(domain: number, type: number, protocol: number, ends: Int32Array): number;
  sendFds(fd: number, from: Uint8Array, descriptors: Int32Array, flags: number): number;
  /** `got`: how many descriptors, and the flags of the message. */
  recvFds(fd: number, into: Uint8Array, flags: number, descriptors: Int32Array, got: Int32Array): number;
  /** `sender`: its pid, user and group, if the socket is told them. */
  recvCredentials(fd: number, into: Uint8Array, flags: number, sender: Int32Array): number;

  /** `words`: the sets of flags, the line discipline, the speeds, the special characters. */
  tcgetattr(fd: number, words: Uint32Array): number;
  tcsetattr(fd: number, actions: number, words: Uint32Array): number;
  cfmakeraw(words: Uint32Array): number;
  tcsendbreak(fd: number, duration: number): number;
  tcdrain(fd: number): number;
  tcflush(fd: number, queue: number): number;
  tcflow(fd: number, action: number): number;
  isatty(fd: number): boolean;
  ttyname(fd: number): string | number;
  ctermid(): string;

  posix_openpt(flags: number): number;
  grantpt(fd: number): number;
  unlockpt(fd: number): number;
  ptsname(fd: number): string | number;
  openpty(ends: Int32Array, words: Uint32Array | null, size: Uint16Array | null): number;
  login_tty(fd: number): number;
  /** `step`: which of its calls has failed. */
  spawnInTerminal(
    terminal: number,
    file: string,
    args: readonly string[],
    environment: readonly string[],
    directory: string | null,
    step: Int32Array,
  ): number;

  /** `timeout` in milliseconds, Infinity: no limit. */
  futexWait(words: Int32Array, index: number, expected: number, timeout: number): number;
  futexWake(words: Int32Array, index: number, count: number): number;

  /** -EBUSY: somebody holds it; -EOWNERDEAD: it is the caller's, and who held it before has died. */
  pthread_mutex_trylock(words: Int32Array, index: number): number;
  pthread_mutex_init(words: Int32Array, index: number): number;
  pthread_mutex_unlock(words: Int32Array, index: number): number;
  pthread_mutex_consistent(words: Int32Array, index: number): number;

  inotify_init1(flags: number): number;
  inotify_add_watch(fd: number, path: string, mask: number): number;
  inotify_rm_watch(fd: number, watch: number): number;

  mmap(length: number, protection: number, flags: number, fd: number, offset: number): ArrayBuffer | number;
  munmap(buffer: ArrayBuffer): number;
  mremap(buffer: ArrayBuffer, length: number, flags: number): ArrayBuffer | number;

  /** These answer EINVAL for memory that is not mmap's. */
  msync(memory: Uint8Array, flags: number): number;
  madvise(memory: Uint8Array, advice: number): number;
  mprotect(memory: Uint8Array, protection: number): number;
  mlock(memory: Uint8Array): number;
  munlock(memory: Uint8Array): number;
  mlockall(flags: number): number;
  munlockall(): number;
  mincore(memory: Uint8Array, vec: Uint8Array): number;

  shm_open(name: string, flags: number, mode: number): number;
  shm_unlink(name: string): number;

  inet_pton(family: number, text: string, into: Uint8Array): number;
  socket(domain: number, type: number, protocol: number): number;
  /** With a host and a port, or with a path alone; so do `connect` and `sendto`. */
  bind(fd: number, address: string, port?: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  connect(fd: number, address: string, port?: number): number;
  sendto(fd: number, from: Uint8Array, flags: number, address: string, port?: number): number;
  getsockname(fd: number): { family: number; address: string; port: number } | number;
  getpeername: Native['getsockname'];
  getsockopt(fd: number, level: number, option: number, into: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: number): number;
  attachFilter(fd: number, level: number, option: number, program: Uint8Array): number;

  watch(fd: number, writable: boolean, callback: (error: number) => void): NativeWatcher | number;
  unwatch(watcher: NativeWatcher): void;
  refWatcher(watcher: NativeWatcher, keepAlive: boolean): void;

  pausePolling(fd: number): number;
  resumePolling(fd: number, exclusive: boolean): number;
  handleDescriptors(): number[] | number;
}

const root = join(__dirname, '..', '..');

const systems: Partial<Record<NodeJS.Platform, string>> = { darwin: 'macOS', win32: 'Windows' };

function load(): Native {
  if (process.platform !== 'linux')
    return absent(`it needs Linux, this is ${systems[process.platform] ?? process.platform}`);
  try {
    return bindings({
      bindings: 'truefork',
      module_root: root,
      // What has been built here is meant to be used.
      try: [
        ['module_root', 'build', 'Release', 'bindings'],
        ['module_root', 'native', 'build', 'Release', 'bindings'],
        ['module_root', 'prebuilds', `linux-${process.arch}`, 'bindings'],
      ],
    }) as Native;
  } catch (error) {
    return absent(whyNotLoaded(error), error);
  }
}

let unsupported: ((call: string) => UnsupportedPlatformError) | undefined;

function absent(why: string, cause?: unknown): Native {
  const error = (call: string) =>
    new UnsupportedPlatformError(`truefork cannot do ${call} here: ${why}`, cause === undefined ? {} : { cause });
  unsupported = error;
  return new Proxy({} as Native, {
    get(_, name) {
      if (name === 'constants') return {};
      if (name === 'errnos' || name === 'sysconfNames') return () => [];
      return () => {
        throw error(String(name));
      };
    },
  });
}

// The least glibc that the addon loads with, and is compiled with.
const leastGlibc = '2.34';

function whyNotLoaded(error: unknown): string {
  if ((error as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED')
    return 'this Node.js was told to load no addons: start it without --no-addons, or, if with --permission, with --allow-addons';
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const glibc = header.glibcVersionRuntime;
  if (glibc === undefined) return `it needs glibc, this Node.js has another C library, such as musl`;
  if (glibc.localeCompare(leastGlibc, 'en', { numeric: true }) < 0) {
    return `it needs glibc ${leastGlibc} or later, this is ${glibc}`;
  }
  const build = `npx --yes node-gyp rebuild --jobs max --directory ${join(root, 'native')}`;
  // `tries`: bindings has found no file.
  return error instanceof Error && 'tries' in error
    ? `the package has no addon for ${process.arch}; with python3, make and a C++ compiler, build it: ${build}`
    : `its addon cannot be loaded (${firstLine(error)}); with python3, make and a C++ compiler, build it: ${build}`;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}

// As a prototype: an object with as many functions is a hash table otherwise, in which V8 would look at each call.
export const native = Object.create(load()) as Native;

/**
 * What a call begins with that does more than to check its arguments before it comes to the addon, or checks them by constants,
 * of which there are none without one.
 *
 * @throws {UnsupportedPlatformError} there is no addon
 */
export function needAddon(call: string): void {
  if (unsupported) throw unsupported(call);
}

/** The same of a call that needs Linux, and no addon. @throws {UnsupportedPlatformError} this is another system */
export function needLinux(call: string): void {
  if (process.platform !== 'linux') needAddon(call);
}

/** A number of a C header. 0, and of no use, where the addon could not be loaded. */
export function constant(name: string): number {
  return native.constants[name] ?? 0;
}

/** Whether the addon is there. */
export function hasAddon(): boolean {
  return unsupported === undefined;
}
