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

  sigprocmask(how: number, set: Uint32Array | null, old: Uint32Array): number;
  siginterrupt(signal: number, flag: boolean): number;

  setitimer(which: number, value: number, interval: number, old: Float64Array): number;
  getitimer(which: number, current: Float64Array): number;

  open(path: string, flags: number, mode: number): number;
  close(fd: number): number;
  read(fd: number, into: Uint8Array): number;
  write(fd: number, from: Uint8Array): number;
  pipe2(flags: number, ends: Int32Array): number;
  dup3(from: number, to: number, flags: number): number;
  mkfifo(path: string, mode: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  fcntlLock(fd: number, command: number, type: number, start: number, length: number): number;

  inotify_init1(flags: number): number;
  inotify_add_watch(fd: number, path: string, mask: number): number;
  inotify_rm_watch(fd: number, watch: number): number;

  mmap(length: number, protection: number, flags: number, fd: number, offset: number): ArrayBuffer | number;
  munmap(buffer: ArrayBuffer): number;

  inet_pton(family: number, text: string, into: Uint8Array): number;
  socket(domain: number, type: number, protocol: number): number;
  /** With a host and a port, or with a path alone; so do `connect` and `sendto`. */
  bind(fd: number, address: string, port?: number): number;
  listen(fd: number, backlog: number): number;
  connect(fd: number, address: string, port?: number): number;
  sendto(fd: number, from: Uint8Array, flags: number, address: string, port?: number): number;
  getsockname(fd: number): { family: number; address: string; port: number } | number;
  getsockopt(fd: number, level: number, option: number, into: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: number): number;
  attachFilter(fd: number, level: number, option: number, program: Uint8Array): number;

  watch(fd: number, callback: (error: number) => void): NativeWatcher | number;
  unwatch(watcher: NativeWatcher): void;
  refWatcher(watcher: NativeWatcher, keepAlive: boolean): void;

  pausePolling(fd: number): number;
  resumePolling(fd: number, exclusive: boolean): number;
}

const root = join(__dirname, '..', '..');

function load(): Native {
  try {
    return bindings({
      bindings: 'truefork',
      module_root: root,
      try: [
        ['module_root', 'build', 'Release', 'bindings'],
        ['module_root', 'prebuilds', `${process.platform}-${process.arch}`, 'bindings'],
      ],
    }) as Native;
  } catch (error) {
    return absent(error);
  }
}

function absent(cause: unknown): Native {
  const why =
    process.platform === 'linux'
      ? `its addon was not loaded; in a checkout, build it with "npm run build" (${firstLine(cause)})`
      : `it needs Linux, this is ${process.platform}`;
  return new Proxy({} as Native, {
    get(_, name) {
      if (name === 'constants') return {};
      if (name === 'errnos' || name === 'sysconfNames') return () => [];
      return () => {
        throw new UnsupportedPlatformError(`truefork cannot do ${String(name)} here: ${why}`, { cause });
      };
    },
  });
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}

export const native = load();

/** A number of a C header. 0, and of no use, where the addon could not be loaded. */
export function constant(name: string): number {
  return native.constants[name] ?? 0;
}
