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
  ArrayBuffer: { TypeError: [undefined, null, 1, {}, new Uint8Array(8), Buffer.alloc(8), new SharedArrayBuffer(8)] },
  words: {
    TypeError: [undefined, null, 1, [1], new Uint32Array(1), new DataView(new ArrayBuffer(8)), new ArrayBuffer(8)],
  },
  count: { TypeError: noNumbers, RangeError: [...noIntegers, big, 0, -1] },
  milliseconds: { TypeError: [null, '1', true, 1n, {}], RangeError: [NaN, -1, -1e-9, -Infinity, 2 ** 53] },
  flag: { TypeError: [undefined, null, 0, 1, 'true'] },
  'given flag': { TypeError: [null, 0, 1, 'true'] },
  handler: { TypeError: [undefined, null, 2, -1, '1', true, {}, 'SIG_IGN'] },
  set: { TypeError: [undefined, 'SIGUSR1', new Set(['SIGUSR1']), {}, ['SIGNOTHING'], [null]], RangeError: [[0], [65]] },
  'given object': { TypeError: [undefined, 0, 'SIG_IGN', () => undefined] },
  'abort signal': { TypeError: [null, 1, 'abort', {}] },
  null: { TypeError: [undefined, {}, 0] },
  callback: { TypeError: [undefined, null, 0, {}, 'f'] },
};

const bytes = new Uint8Array(1);
const words = new Int32Array(1);
// No mapping, should one of these calls be made after all.
const memory = new ArrayBuffer(8);
const lock = { type: truefork.F_RDLCK };
const action = { handler: truefork.SIG_DFL, mask: [], flags: 0 };
const anonymous = truefork.MAP_PRIVATE | truefork.MAP_ANONYMOUS;

// Numbers that are no descriptors and no processes, should one of these calls be made after all.
const fd = big - 1;
const pid = big - 1;

const rows: [call: string, kind: string, call: Call][] = [
  ['_exit(status)', 'byte', (value) => truefork._exit(value)],
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
  ['signal(signal)', 'signal', (value) => truefork.signal(value, truefork.SIG_IGN)],
  ['signal(handler)', 'handler', (value) => truefork.signal('SIGUSR2', value)],
  ['getsignal(signal)', 'signal', (value) => truefork.getsignal(value)],
  ['sigaction(signal)', 'signal', (value) => truefork.sigaction(value, null)],
  ['sigaction(action)', 'given object', (value) => truefork.sigaction('SIGUSR2', value)],
  ['sigaction({ handler })', 'handler', (handler) => truefork.sigaction('SIGUSR2', { ...action, handler })],
  ['sigaction({ mask })', 'set', (mask) => truefork.sigaction('SIGUSR2', { ...action, mask })],
  ['sigaction({ flags })', 'int', (flags) => truefork.sigaction('SIGUSR2', { ...action, flags })],
  ['raise(signal)', 'signal', (value) => called(truefork.raise, value)],
  ['sigqueue(pid)', 'int', (value) => called(truefork.sigqueue, value, 0, 0)],
  ['sigqueue(signal)', 'signal', (value) => called(truefork.sigqueue, pid, value, 0)],
  ['sigqueue(value)', 'int', (value) => called(truefork.sigqueue, pid, 0, value)],
  ['pidfd_send_signal(pidfd)', 'not negative int', (value) => called(truefork.pidfd_send_signal, value, 0, null, 0)],
  ['pidfd_send_signal(signal)', 'signal', (value) => called(truefork.pidfd_send_signal, fd, value, null, 0)],
  ['pidfd_send_signal(info)', 'null', (value) => called(truefork.pidfd_send_signal, fd, 0, value, 0)],
  ['pidfd_send_signal(flags)', 'not negative int', (value) => called(truefork.pidfd_send_signal, fd, 0, null, value)],
  ['strsignal(signal)', 'signal', (value) => truefork.strsignal(value)],
  ['sigsuspend(mask)', 'set', (value) => called(truefork.sigsuspend, value)],
  ['sigwait(set)', 'set', (value) => truefork.sigwait(value)],
  ['sigwaitinfo(set)', 'set', (value) => truefork.sigwaitinfo(value)],
  ['sigtimedwait(set)', 'set', (value) => truefork.sigtimedwait(value, 0)],
  ['sigtimedwait(timeout)', 'seconds', (value) => truefork.sigtimedwait([], value)],
  ['signals(set)', 'set', (value) => truefork.signals(value)],
  ['signals({ signal })', 'abort signal', (value) => truefork.signals(['SIGUSR2'], { signal: value })],
  ['sleep(duration)', 'seconds', (value) => truefork.sleep(value)],
  ['nanosleep(duration)', 'seconds', (value) => called(truefork.nanosleep, value)],
  ['sleepThrough(duration)', 'seconds', (value) => called(truefork.sleepThrough, value)],
  ['alarm(duration)', 'not negative int', (value) => truefork.alarm(value)],
  ['timerfd_create(clock)', 'int', (value) => truefork.timerfd_create(value, 0)],
  ['timerfd_create(flags)', 'not negative int', (value) => truefork.timerfd_create(-1, value)],
  ['timerfd_settime(fd)', 'not negative int', (value) => truefork.timerfd_settime(value, 0, 0, 0)],
  ['timerfd_settime(flags)', 'not negative int', (value) => truefork.timerfd_settime(fd, value, 0, 0)],
  ['timerfd_settime(value)', 'seconds', (value) => truefork.timerfd_settime(fd, 0, value, 0)],
  ['timerfd_settime(interval)', 'seconds', (value) => truefork.timerfd_settime(fd, 0, 0, value)],
  ['timerfd_gettime(fd)', 'not negative int', (value) => truefork.timerfd_gettime(value)],
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
  ['munmap(buffer)', 'ArrayBuffer', (value) => called(truefork.munmap, value)],
  ['mremap(buffer)', 'ArrayBuffer', (value) => truefork.mremap(value, 1, 0)],
  ['mremap(length)', 'size', (value) => truefork.mremap(memory, value, 0)],
  ['mremap(flags)', 'not negative int', (value) => truefork.mremap(memory, 1, value)],
  ['msync(memory)', 'buffer', (value) => called(truefork.msync, value, 0)],
  ['msync(flags)', 'not negative int', (value) => called(truefork.msync, memory, value)],
  ['madvise(memory)', 'buffer', (value) => called(truefork.madvise, value, 0)],
  ['madvise(advice)', 'not negative int', (value) => called(truefork.madvise, memory, value)],
  ['mprotect(memory)', 'buffer', (value) => called(truefork.mprotect, value, 1)],
  ['mprotect(protection)', 'not negative int', (value) => called(truefork.mprotect, memory, value)],
  ['mlock(memory)', 'buffer', (value) => called(truefork.mlock, value)],
  ['munlock(memory)', 'buffer', (value) => called(truefork.munlock, value)],
  ['mlockall(flags)', 'not negative int', (value) => called(truefork.mlockall, value)],
  ['mincore(memory)', 'buffer', (value) => called(truefork.mincore, value, bytes)],
  ['mincore(vec)', 'buffer', (value) => called(truefork.mincore, memory, value)],
  ['shm_open(name)', 'path', (value) => truefork.shm_open(value, 0, 0)],
  ['shm_open(flags)', 'not negative int', (value) => truefork.shm_open('/', value, 0)],
  ['shm_open(mode)', 'mode', (value) => truefork.shm_open('/', 0, value)],
  ['shm_unlink(name)', 'path', (value) => called(truefork.shm_unlink, value)],
  ['ftruncate(fd)', 'not negative int', (value) => called(truefork.ftruncate, value, 0)],
  ['ftruncate(length)', 'position', (value) => called(truefork.ftruncate, fd, value)],
  ['futexWait(words)', 'words', (value) => truefork.futexWait(value, 0, 0)],
  ['futexWait(index)', 'not negative int', (value) => truefork.futexWait(words, value, 0)],
  ['futexWait(expected)', 'int', (value) => truefork.futexWait(words, 0, value)],
  ['futexWait(timeout)', 'milliseconds', (value) => truefork.futexWait(words, 0, 1, value)],
  ['futexWake(words)', 'words', (value) => truefork.futexWake(value, 0, 1)],
  ['futexWake(index)', 'not negative int', (value) => truefork.futexWake(words, value, 1)],
  ['futexWake(count)', 'count', (value) => truefork.futexWake(words, 0, value)],
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
