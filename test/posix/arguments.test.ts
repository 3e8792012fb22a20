import { inspect } from 'node:util';
import * as truefork from 'truefork/posix';
import { thrownBy } from './cases';

type Call = (value: never) => unknown;

/** A call that returns nothing, as an expression. */
const called = (call: (...args: never[]) => unknown, ...args: unknown[]) => call(...(args as never[]));

const big = 2 ** 31;
const noNumbers = [undefined, null, '1', true, 1n, {}, [], Symbol('one')];
const noIntegers = [NaN, 0.5, 1.5, Infinity, -Infinity];

/** What is wrong for each kind of argument, by the error that it is. */
const kinds: Record<string, { TypeError?: unknown[]; RangeError?: unknown[] }> = {
  int: { TypeError: noNumbers, RangeError: [...noIntegers, big, -big - 1, 2 ** 53] },
  'not negative int': { TypeError: noNumbers, RangeError: [...noIntegers, big, -1] },
  'int from -1': { TypeError: noNumbers, RangeError: [...noIntegers, big, -2] },
  byte: { TypeError: noNumbers, RangeError: [...noIntegers, 256, -1] },
  port: { TypeError: noNumbers, RangeError: [...noIntegers, 65536, -1] },
  mask: { TypeError: noNumbers, RangeError: [...noIntegers, 0, -1, 2 ** 32] },
  mode: { TypeError: noNumbers, RangeError: [...noIntegers, 0o10000, -1] },
  id: { TypeError: noNumbers, RangeError: [...noIntegers, -1, 2 ** 32 - 1] },
  'id or -1': { TypeError: noNumbers, RangeError: [...noIntegers, -2, 2 ** 32 - 1] },
  'pid above 0': { TypeError: noNumbers, RangeError: [...noIntegers, big, 0, -1] },
  'given pid above 0': { TypeError: noNumbers.slice(1), RangeError: [...noIntegers, big, 0, -1] },
  'given pid': { TypeError: noNumbers.slice(1), RangeError: [...noIntegers, big, -1] },
  group: { TypeError: noNumbers, RangeError: [...noIntegers, big, -big - 1, 1] },
  processor: { TypeError: noNumbers, RangeError: [...noIntegers, 65_536, -1] },
  permissions: { TypeError: noNumbers, RangeError: [...noIntegers, 0o1000, -1] },
  limit: { TypeError: noNumbers, RangeError: [NaN, 0.5, -1, -Infinity, 2 ** 53] },
  'sysconf name': {
    TypeError: [undefined, null, true, {}, '', 'SC_NOTHING', '_SC_PAGESIZE', 'toString'],
    RangeError: [NaN, 1.5, big],
  },
  list: { TypeError: [undefined, null, 1, 'x', {}, new Set([1])] },
  object: { TypeError: [undefined, null, 1, 'x'] },
  'object or null': { TypeError: [undefined, 1, 'x'] },
  'given object': { TypeError: [null, 1, 'x'] },
  size: { TypeError: noNumbers, RangeError: [...noIntegers, -1, 0, 2 ** 53] },
  position: { TypeError: noNumbers, RangeError: [...noIntegers, -1, 2 ** 53] },
  seconds: { TypeError: noNumbers, RangeError: [NaN, -1, -1e-9, big, Infinity, -Infinity] },
  signal: { TypeError: [undefined, null, true, {}, 'SIGNOTHING', 'term', ''], RangeError: [-1, 65, 1.5, NaN] },
  path: { TypeError: [undefined, null, 1, {}, Buffer.from('x'), new URL('file:///x'), 'null\0byte', '\0'] },
  'socket path': {
    TypeError: [undefined, null, 1, {}, Buffer.from('x'), new URL('file:///x'), 'null\0byte', 'null\0'],
  },
  buffer: { TypeError: [undefined, null, 'text', 1, {}, [1], new SharedArrayBuffer(8)] },
  'given buffer': { TypeError: [null, 'text', 1, {}, [1], new SharedArrayBuffer(8)] },
  flag: { TypeError: [undefined, null, 0, 1, 'true'] },
  'given flag': { TypeError: [null, 0, 1, 'true'] },
  callback: { TypeError: [undefined, null, 0, {}, 'f'] },
};

const bytes = new Uint8Array(1);
const lock = { type: truefork.F_RDLCK };
const limit = { cur: 0, max: 0 };
const priority = { priority: 0 };
const anonymous = truefork.MAP_PRIVATE | truefork.MAP_ANONYMOUS;

// Numbers that are no descriptors and no processes, should one of these calls be made after all.
const fd = big - 1;
const pid = big - 1;

const rows: [call: string, kind: string, call: Call][] = [
  ['_exit(status)', 'byte', (value) => truefork._exit(value)],
  ['killpg(pgrp)', 'group', (value) => called(truefork.killpg, value, 0)],
  ['killpg(signal)', 'signal', (value) => called(truefork.killpg, pid, value)],
  ['getpgid(pid)', 'int', (value) => truefork.getpgid(value)],
  ['setpgid(pid)', 'int', (value) => called(truefork.setpgid, value, 0)],
  ['setpgid(pgid)', 'int', (value) => called(truefork.setpgid, pid, value)],
  ['getsid(pid)', 'int', (value) => truefork.getsid(value)],
  ['tcgetpgrp(fd)', 'not negative int', (value) => truefork.tcgetpgrp(value)],
  ['tcsetpgrp(fd)', 'not negative int', (value) => called(truefork.tcsetpgrp, value, pid)],
  ['tcsetpgrp(pgrp)', 'int', (value) => called(truefork.tcsetpgrp, fd, value)],
  ['pidfd_getfd(pidfd)', 'not negative int', (value) => truefork.pidfd_getfd(value, 0, 0)],
  ['pidfd_getfd(targetfd)', 'not negative int', (value) => truefork.pidfd_getfd(fd, value, 0)],
  ['pidfd_getfd(flags)', 'int', (value) => truefork.pidfd_getfd(fd, 0, value)],
  ['setThreadName(name)', 'path', (value) => called(truefork.setThreadName, value)],
  ['nice(inc)', 'int', (value) => truefork.nice(value)],
  ['getpriority(which)', 'int', (value) => truefork.getpriority(value, 0)],
  ['getpriority(who)', 'id', (value) => truefork.getpriority(99, value)],
  ['setpriority(which)', 'int', (value) => called(truefork.setpriority, value, 0, 0)],
  ['setpriority(who)', 'id', (value) => called(truefork.setpriority, 99, value, 0)],
  ['setpriority(prio)', 'int', (value) => called(truefork.setpriority, 99, 0, value)],
  ['sched_getaffinity(pid)', 'int', (value) => truefork.sched_getaffinity(value)],
  ['sched_setaffinity(pid)', 'int', (value) => called(truefork.sched_setaffinity, value, [0])],
  ['sched_setaffinity(cpus)', 'list', (value) => called(truefork.sched_setaffinity, pid, value)],
  ['sched_setaffinity([cpu])', 'processor', (value) => called(truefork.sched_setaffinity, pid, [value])],
  ['sched_getscheduler(pid)', 'int', (value) => truefork.sched_getscheduler(value)],
  ['sched_setscheduler(pid)', 'int', (value) => called(truefork.sched_setscheduler, value, 99, priority)],
  ['sched_setscheduler(policy)', 'int', (value) => called(truefork.sched_setscheduler, pid, value, priority)],
  ['sched_setscheduler(param)', 'object', (value) => called(truefork.sched_setscheduler, pid, 99, value)],
  ['sched_setscheduler({ priority })', 'int', (v) => called(truefork.sched_setscheduler, pid, 99, { priority: v })],
  ['sched_getparam(pid)', 'int', (value) => truefork.sched_getparam(value)],
  ['sched_setparam(pid)', 'int', (value) => called(truefork.sched_setparam, value, priority)],
  ['sched_setparam(param)', 'object', (value) => called(truefork.sched_setparam, pid, value)],
  ['sched_setparam({ priority })', 'int', (value) => called(truefork.sched_setparam, pid, { priority: value })],
  ['sched_get_priority_min(policy)', 'int', (value) => truefork.sched_get_priority_min(value)],
  ['sched_get_priority_max(policy)', 'int', (value) => truefork.sched_get_priority_max(value)],
  ['umask(mask)', 'permissions', (value) => truefork.umask(value)],
  ['chdir(path)', 'path', (value) => called(truefork.chdir, value)],
  ['fchdir(fd)', 'not negative int', (value) => called(truefork.fchdir, value)],
  ['chroot(path)', 'path', (value) => called(truefork.chroot, value)],
  ['unshare(flags)', 'not negative int', (value) => called(truefork.unshare, value)],
  ['setns(fd)', 'not negative int', (value) => called(truefork.setns, value, 0)],
  ['setns(nstype)', 'not negative int', (value) => called(truefork.setns, fd, value)],
  ['getrusage(who)', 'int', (value) => truefork.getrusage(value)],
  ['getrlimit(resource)', 'int', (value) => truefork.getrlimit(value)],
  ['setrlimit(resource)', 'int', (value) => called(truefork.setrlimit, value, limit)],
  ['setrlimit(rlim)', 'object', (value) => called(truefork.setrlimit, 99, value)],
  ['setrlimit({ cur })', 'limit', (value) => called(truefork.setrlimit, 99, { ...limit, cur: value })],
  ['setrlimit({ max })', 'limit', (value) => called(truefork.setrlimit, 99, { ...limit, max: value })],
  ['prlimit(pid)', 'int', (value) => truefork.prlimit(value, 99, null)],
  ['prlimit(resource)', 'int', (value) => truefork.prlimit(pid, value, null)],
  ['prlimit(newLimit)', 'object or null', (value) => truefork.prlimit(pid, 99, value)],
  ['prlimit({ cur })', 'limit', (value) => truefork.prlimit(pid, 99, { ...limit, cur: value })],
  ['prlimit({ max })', 'limit', (value) => truefork.prlimit(pid, 99, { ...limit, max: value })],
  ['sysconf(name)', 'sysconf name', (value) => truefork.sysconf(value)],
  ['setuid(uid)', 'id', (value) => called(truefork.setuid, value)],
  ['seteuid(euid)', 'id', (value) => called(truefork.seteuid, value)],
  ['setgid(gid)', 'id', (value) => called(truefork.setgid, value)],
  ['setegid(egid)', 'id', (value) => called(truefork.setegid, value)],
  ['setreuid(ruid)', 'id or -1', (value) => called(truefork.setreuid, value, -1)],
  ['setreuid(euid)', 'id or -1', (value) => called(truefork.setreuid, -1, value)],
  ['setregid(rgid)', 'id or -1', (value) => called(truefork.setregid, value, -1)],
  ['setregid(egid)', 'id or -1', (value) => called(truefork.setregid, -1, value)],
  ['setresuid(ruid)', 'id or -1', (value) => called(truefork.setresuid, value, -1, -1)],
  ['setresuid(euid)', 'id or -1', (value) => called(truefork.setresuid, -1, value, -1)],
  ['setresuid(suid)', 'id or -1', (value) => called(truefork.setresuid, -1, -1, value)],
  ['setresgid(rgid)', 'id or -1', (value) => called(truefork.setresgid, value, -1, -1)],
  ['setresgid(egid)', 'id or -1', (value) => called(truefork.setresgid, -1, value, -1)],
  ['setresgid(sgid)', 'id or -1', (value) => called(truefork.setresgid, -1, -1, value)],
  ['setgroups(groups)', 'list', (value) => called(truefork.setgroups, value)],
  ['setgroups([gid])', 'id', (value) => called(truefork.setgroups, [value])],
  ['initgroups(user)', 'path', (value) => called(truefork.initgroups, value, 0)],
  ['initgroups(group)', 'id', (value) => called(truefork.initgroups, 'nobody', value)],
  ['ps(options)', 'given object', (value) => truefork.ps(value)],
  ['ps({ session })', 'given pid', (value) => truefork.ps({ session: value })],
  ['ps({ group })', 'given pid', (value) => truefork.ps({ group: value })],
  ['ps({ parent })', 'given pid', (value) => truefork.ps({ parent: value })],
  ['pstree(pid)', 'given pid above 0', (value) => truefork.pstree(value)],
  ['new ChildWatcher(pid)', 'pid above 0', (value) => new truefork.ChildWatcher(value, () => undefined)],
  ['new ChildWatcher(told)', 'callback', (value) => new truefork.ChildWatcher(pid, value)],
  ['kill(pid)', 'int', (value) => called(truefork.kill, value, 0)],
  ['kill(signal)', 'signal', (value) => called(truefork.kill, pid, value)],
  ['pidfd_open(pid)', 'int', (value) => truefork.pidfd_open(value, 0)],
  ['pidfd_open(flags)', 'int', (value) => truefork.pidfd_open(pid, value)],
  ['prctl(option)', 'int', (value) => truefork.prctl(value, 0)],
  ['prctl(value)', 'position', (value) => truefork.prctl(-1, value)],
  ['dup3(oldfd)', 'not negative int', (value) => truefork.dup3(value, fd, 0)],
  ['dup3(newfd)', 'not negative int', (value) => truefork.dup3(fd, value, 0)],
  ['dup3(flags)', 'not negative int', (value) => truefork.dup3(fd, fd, value)],
  ['getpwnam(name)', 'path', (value) => truefork.getpwnam(value)],
  ['getgrnam(name)', 'path', (value) => truefork.getgrnam(value)],
  ['getpwuid(uid)', 'id', (value) => truefork.getpwuid(value)],
  ['waitpid(pid)', 'int', (value) => truefork.waitpid(value, truefork.WNOHANG)],
  ['waitpid(options)', 'not negative int', (value) => truefork.waitpid(pid, value)],
  ['wait3(options)', 'not negative int', (value) => truefork.wait3(value)],
  ['wait4(pid)', 'int', (value) => truefork.wait4(value, truefork.WNOHANG)],
  ['wait4(options)', 'not negative int', (value) => truefork.wait4(pid, value)],
  ['waitstatus_to_exitcode(status)', 'int', (value) => truefork.waitstatus_to_exitcode(value)],
  ['waitid(idtype)', 'int', (value) => truefork.waitid(value, pid, truefork.WEXITED)],
  ['waitid(id)', 'not negative int', (value) => truefork.waitid(truefork.P_PID, value, truefork.WEXITED)],
  ['waitid(options)', 'not negative int', (value) => truefork.waitid(truefork.P_PID, pid, value)],
  ['WIFEXITED(status)', 'int', (value) => truefork.WIFEXITED(value)],
  ['WEXITSTATUS(status)', 'int', (value) => truefork.WEXITSTATUS(value)],
  ['WIFSIGNALED(status)', 'int', (value) => truefork.WIFSIGNALED(value)],
  ['WTERMSIG(status)', 'int', (value) => truefork.WTERMSIG(value)],
  ['WCOREDUMP(status)', 'int', (value) => truefork.WCOREDUMP(value)],
  ['WIFSTOPPED(status)', 'int', (value) => truefork.WIFSTOPPED(value)],
  ['WSTOPSIG(status)', 'int', (value) => truefork.WSTOPSIG(value)],
  ['WIFCONTINUED(status)', 'int', (value) => truefork.WIFCONTINUED(value)],
  ['decodeWaitStatus(status)', 'int', (value) => truefork.decodeWaitStatus(value)],
  ['signalNumber(signal)', 'signal', (value) => truefork.signalNumber(value)],
  ['stackOnSignal(signal)', 'signal', (value) => truefork.stackOnSignal(value)],
  ['sigprocmask(how)', 'not negative int', (value) => truefork.sigprocmask(value, null)],
  ['sigprocmask([signal])', 'signal', (value) => truefork.sigprocmask(truefork.SIG_BLOCK, [value])],
  ['siginterrupt(signal)', 'signal', (value) => called(truefork.siginterrupt, value, true)],
  ['siginterrupt(flag)', 'flag', (value) => called(truefork.siginterrupt, 'SIGKILL', value)],
  ['setitimer(which)', 'int', (value) => truefork.setitimer(value, 0, 0)],
  ['setitimer(value)', 'seconds', (value) => truefork.setitimer(99, value, 0)],
  ['setitimer(interval)', 'seconds', (value) => truefork.setitimer(99, 0, value)],
  ['getitimer(which)', 'int', (value) => truefork.getitimer(value)],
  ['open(path)', 'path', (value) => truefork.open(value, 0)],
  ['open(flags)', 'not negative int', (value) => truefork.open('/', value)],
  ['open(mode)', 'mode', (value) => truefork.open('/', truefork.O_CREAT, value)],
  ['close(fd)', 'not negative int', (value) => called(truefork.close, value)],
  ['read(fd)', 'not negative int', (value) => truefork.read(value, bytes)],
  ['read(buffer)', 'buffer', (value) => truefork.read(fd, value)],
  ['write(fd)', 'not negative int', (value) => truefork.write(value, bytes)],
  ['write(buffer)', 'buffer', (value) => truefork.write(fd, value)],
  ['pipe2(flags)', 'not negative int', (value) => truefork.pipe2(value)],
  ['mkfifo(path)', 'path', (value) => called(truefork.mkfifo, value, 0o600)],
  ['mkfifo(mode)', 'mode', (value) => called(truefork.mkfifo, '/', value)],
  ['fcntl(fd)', 'not negative int', (value) => truefork.fcntl(value, truefork.F_OFD_GETLK, lock)],
  ['fcntl(fd) of its flags', 'not negative int', (value) => truefork.fcntl(value, truefork.F_GETFD)],
  ['fcntl(flags)', 'not negative int', (value) => truefork.fcntl(fd, truefork.F_SETFD, value)],
  ['fcntl({ type })', 'not negative int', (value) => truefork.fcntl(fd, truefork.F_OFD_GETLK, { type: value })],
  ['mmap(length)', 'size', (value) => truefork.mmap(null, value, 1, anonymous, -1, 0)],
  ['mmap(protection)', 'not negative int', (value) => truefork.mmap(null, 1, value, anonymous, -1, 0)],
  ['mmap(flags)', 'not negative int', (value) => truefork.mmap(null, 1, 1, value, -1, 0)],
  ['mmap(fd)', 'int from -1', (value) => truefork.mmap(null, 1, 1, anonymous, value, 0)],
  ['mmap(offset)', 'position', (value) => truefork.mmap(null, 1, 1, anonymous, -1, value)],
  ['getrandom(buffer)', 'buffer', (value) => truefork.getrandom(value, 0)],
  ['getrandom(flags)', 'not negative int', (value) => truefork.getrandom(bytes, value)],
  ['inet_pton(family)', 'int', (value) => truefork.inet_pton(value, '::')],
  ['socket(domain)', 'int', (value) => truefork.socket(value, 1, 0)],
  ['socket(type)', 'not negative int', (value) => truefork.socket(99, value, 0)],
  ['socket(protocol)', 'int', (value) => truefork.socket(99, 1, value)],
  ['bind(fd)', 'not negative int', (value) => called(truefork.bind, value, '::', 0)],
  ['bind(port)', 'port', (value) => called(truefork.bind, fd, '::', value)],
  ['bind(path)', 'socket path', (value) => called(truefork.bind, fd, value)],
  ['connect(fd)', 'not negative int', (value) => called(truefork.connect, value, '::1', 1)],
  ['connect(port)', 'port', (value) => called(truefork.connect, fd, '::1', value)],
  ['connect(path)', 'socket path', (value) => called(truefork.connect, fd, value)],
  ['sendto(fd)', 'not negative int', (value) => truefork.sendto(value, bytes, 0, '')],
  ['sendto(buffer)', 'buffer', (value) => truefork.sendto(fd, value, 0, '')],
  ['sendto(flags)', 'not negative int', (value) => truefork.sendto(fd, bytes, value, '')],
  ['sendto(port)', 'port', (value) => truefork.sendto(fd, bytes, 0, '::1', value)],
  ['sendto(path)', 'socket path', (value) => truefork.sendto(fd, bytes, 0, value)],
  ['listen(fd)', 'not negative int', (value) => called(truefork.listen, value, 0)],
  ['listen(backlog)', 'not negative int', (value) => called(truefork.listen, fd, value)],
  ['getsockname(fd)', 'not negative int', (value) => truefork.getsockname(value)],
  ['setsockopt(fd)', 'not negative int', (value) => called(truefork.setsockopt, value, 1, 2, 1)],
  ['setsockopt(level)', 'int', (value) => called(truefork.setsockopt, fd, value, 2, 1)],
  ['setsockopt(option)', 'int', (value) => called(truefork.setsockopt, fd, 1, value, 1)],
  ['getsockopt(fd)', 'not negative int', (value) => truefork.getsockopt(value, 1, 2)],
  ['getsockopt(level)', 'int', (value) => truefork.getsockopt(fd, value, 2)],
  ['getsockopt(option)', 'int', (value) => truefork.getsockopt(fd, 1, value)],
  ['getsockopt(into)', 'given buffer', (value) => truefork.getsockopt(fd, 1, 2, value)],
  ['setsockopt(value)', 'int', (value) => called(truefork.setsockopt, fd, 1, 2, value)],
  ['inotify_init1(flags)', 'not negative int', (value) => truefork.inotify_init1(value)],
  ['inotify_add_watch(fd)', 'not negative int', (value) => truefork.inotify_add_watch(value, '/', 1)],
  ['inotify_add_watch(path)', 'path', (value) => truefork.inotify_add_watch(fd, value, 1)],
  ['inotify_add_watch(mask)', 'mask', (value) => truefork.inotify_add_watch(fd, '/', value)],
  ['inotify_rm_watch(fd)', 'not negative int', (value) => called(truefork.inotify_rm_watch, value, 1)],
  ['inotify_rm_watch(watch)', 'int', (value) => called(truefork.inotify_rm_watch, fd, value)],
  ['inotifyEvents(buffer)', 'buffer', (value) => truefork.inotifyEvents(value)],
  ['pausePolling(fd)', 'not negative int', (value) => called(truefork.pausePolling, value)],
  ['resumePolling(fd)', 'not negative int', (value) => called(truefork.resumePolling, value)],
  ['resumePolling(exclusive)', 'given flag', (value) => called(truefork.resumePolling, fd, { exclusive: value })],
  ['new Watcher(fd)', 'not negative int', (value) => new truefork.Watcher(value, () => undefined)],
  ['new Watcher(callback)', 'callback', (value) => new truefork.Watcher(fd, value)],
];

describe.each([
  ['TypeError' as const, TypeError, /^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|UNKNOWN_SIGNAL)$/],
  ['RangeError' as const, RangeError, /^ERR_OUT_OF_RANGE$/],
])('a %s', (name, kindOfError, codes) => {
  test.each(rows.filter(([, kind]) => kinds[kind]?.[name]))(
    'is what %s, of kind %s, makes of mistakes',
    (_, kind, call) => {
      for (const value of kinds[kind]?.[name] ?? []) {
        const error = thrownBy(() => call(value as never)) as Error & { code?: string };
        expect([inspect(value), error.constructor]).toEqual([inspect(value), kindOfError]);
        expect(error.code).toMatch(codes);
        expect(error).not.toBeInstanceOf(truefork.PosixError);
      }
    },
  );
});

const { F_OFD_GETLK, fcntl } = truefork;

test.each<[string, string, () => unknown]>([
  ['open with O_CREAT and without a mode', 'TypeError', () => truefork.open('/', truefork.O_CREAT)],
  ['open with O_TMPFILE and without a mode', 'TypeError', () => truefork.open('/', truefork.O_TMPFILE)],
  ['a set of signals that is no array', 'TypeError', () => truefork.sigprocmask(0, new Set() as never)],
  ['a set of signals that is absent', 'TypeError', () => truefork.sigprocmask(0, undefined as never)],
  ['an option of prctl that takes an address', 'TypeError', () => truefork.prctl(15, 4096)],
  ['an option of prctl that gives one', 'TypeError', () => truefork.prctl(40, 4096)],
  ['an exit code of a child that was stopped', 'TypeError', () => truefork.waitstatus_to_exitcode(0x137f)],
  ['an exit code of a child that was resumed', 'TypeError', () => truefork.waitstatus_to_exitcode(0xffff)],
  ['a command that is neither flags’ nor a lock’s', 'TypeError', () => fcntl(fd, -1, lock)],
  ['flags that are a lock', 'TypeError', () => called(fcntl, fd, truefork.F_SETFD, lock)],
  ['a lock that is absent', 'TypeError', () => fcntl(fd, F_OFD_GETLK, undefined as never)],
  ['a lock that is null', 'TypeError', () => fcntl(fd, F_OFD_GETLK, null as never)],
  ['a type that is no lock’s', 'RangeError', () => fcntl(fd, F_OFD_GETLK, { type: 3 })],
  ['a lock that begins before the file', 'RangeError', () => fcntl(fd, F_OFD_GETLK, { type: 0, start: -1 })],
  ['a lock of a fraction of a byte', 'RangeError', () => fcntl(fd, F_OFD_GETLK, { type: 0, length: 0.5 })],
  ['a host that is no address', 'TypeError', () => called(truefork.bind, fd, 'localhost', 0)],
  ['a host to connect to that is none', 'TypeError', () => called(truefork.connect, fd, 'localhost', 1)],
  ['a host to send to that is none', 'TypeError', () => truefork.sendto(fd, bytes, 0, 'localhost', 1)],
  ['a host with a null byte', 'TypeError', () => called(truefork.bind, fd, '::1\0', 0)],
  ['an address that is no string', 'TypeError', () => truefork.inet_pton(truefork.AF_INET, 0 as never)],
  ['a host that is no string', 'TypeError', () => called(truefork.bind, fd, 0, 0)],
])('%s is a %s', (_, name, call) => {
  const error = thrownBy(call);
  expect(error).toBeInstanceOf(name === 'TypeError' ? TypeError : RangeError);
  expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(INVALID_ARG_|OUT_OF_RANGE)/) as string });
});

test('the message says which argument, what it must be, and what it was', () => {
  const message = (call: () => unknown) => (thrownBy(call) as Error).message;
  expect(message(() => truefork.pipe2('1' as never))).toBe(
    'The "flags" argument must be of type number. Received \'1\'',
  );
  expect(message(() => truefork.pipe2(-1))).toBe(
    'The value of "flags" is out of range. It must be >= 0 and <= 2147483647. Received -1',
  );
  expect(message(() => truefork.open('a\0b', 0))).toBe(
    'The argument "path" must be a string without null bytes. Received \'a\\x00b\'',
  );
  expect(message(() => truefork.signalNumber('SIGNOTHING' as never))).toBe('Unknown signal: SIGNOTHING');
});
