import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import * as truefork from 'truefork/posix';
import { errno, errnoNames, errorClasses, isPosixError, PosixError, type ErrnoName } from 'truefork/posix';
// The one place where results become errors, for errnos that no call here gives.
import { answered } from '../../dist/posix/errno.js';
import { thrownBy } from './cases';
import { cannotFail, NO_PROCESS, processFailures, type Failure } from './failures';

type ErrorName = Extract<keyof typeof truefork, `${string}Error`>;

const classes: Partial<Record<ErrnoName, ErrorName>> = {
  EPERM: 'PermissionError',
  ENOENT: 'FileNotFoundError',
  ESRCH: 'ProcessLookupError',
  EINTR: 'InterruptedError',
  ECHILD: 'ChildProcessError',
  EAGAIN: 'BlockingIOError',
  EACCES: 'PermissionError',
  EEXIST: 'FileExistsError',
  ENOTDIR: 'NotADirectoryError',
  EISDIR: 'IsADirectoryError',
  EPIPE: 'BrokenPipeError',
  ECONNABORTED: 'ConnectionAbortedError',
  ECONNRESET: 'ConnectionResetError',
  ESHUTDOWN: 'BrokenPipeError',
  ETIMEDOUT: 'TimeoutError',
  ECONNREFUSED: 'ConnectionRefusedError',
  EALREADY: 'BlockingIOError',
  EINPROGRESS: 'BlockingIOError',
};

/** The error of a call that answered so. */
function errorOf(result: number): PosixError {
  return thrownBy(function call() {
    answered(result, 'waitpid', 4242, { pid: 4242 }, call);
  }) as PosixError;
}

/** One that nobody holds. */
function freeMutex(): Int32Array {
  const words = new Int32Array(truefork.PTHREAD_MUTEX_WORDS);
  truefork.pthread_mutex_init(words, 0);
  return words;
}

describe('an errno', () => {
  // A second name of a number is thrown under its first one.
  const firstNames = errnoNames.filter(
    (name, index) => errnoNames.findIndex((n) => errno[n] === errno[name]) === index,
  );

  test.each(firstNames)('%s becomes an error of its class', (code) => {
    const name = classes[code] ?? 'PosixError';
    const error = errorOf(-errno[code]);
    expect(error.constructor).toBe(truefork[name]);
    expect(error.constructor).toBe(errorClasses[code] ?? PosixError);
    expect(Object.fromEntries(Object.entries(error))).toEqual({
      name,
      code,
      errno: errno[code],
      syscall: 'waitpid',
      pid: 4242,
    });
    expect(error).toBeInstanceOf(PosixError);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe(`${code}: ${truefork.strerror(errno[code])}, waitpid(4242)`);
  });

  test.each(['EWOULDBLOCK', 'ENOTSUP', 'EDEADLOCK'] as const)('%s is thrown under its first name', (second) => {
    const first = { EWOULDBLOCK: 'EAGAIN', ENOTSUP: 'EOPNOTSUPP', EDEADLOCK: 'EDEADLK' }[second];
    expect(errorOf(-errno[second]).code).toBe(first);
  });

  test('that <errno.h> does not know is an error too', () => {
    const error = errorOf(-4095);
    expect(error.constructor).toBe(PosixError);
    expect(error).toMatchObject({ code: 'E4095', errno: 4095, message: 'E4095: unknown error 4095, waitpid(4242)' });
  });
});

test('a result that is no error is the call’s value', () => {
  for (const value of [0, 1, 2 ** 52]) expect(answered(value, 'read', 3, { fd: 3 }, answered)).toBe(value);
});

test('the classes and their errnos are one table', () => {
  expect(new Set(Object.keys(errorClasses))).toEqual(new Set(Object.keys(classes)));
});

describe('every call’s error', () => {
  const folder = mkdtempSync(join(tmpdir(), 'errors-test-'));
  const path = join(folder, 'missing', 'file');
  const fd = 2 ** 31 - 1;
  const bytes = new Uint8Array(1);
  const ignored = { handler: truefork.SIG_IGN, mask: [], flags: 0 };

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const pid = NO_PROCESS;
  const vector = [bytes];
  const termios = { iflag: 0, oflag: 0, cflag: 0, lflag: 0, line: 0, ispeed: 0, ospeed: 0, cc: [] };

  const rows: Failure[] = [
    [`open('${path}')`, 'ENOENT', { path }, () => truefork.open(path, truefork.O_RDONLY)],
    [`close(${fd})`, 'EBADF', { fd }, truefork.close.bind(null, fd)],
    [`read(${fd})`, 'EBADF', { fd }, () => truefork.read(fd, bytes)],
    [`write(${fd})`, 'EBADF', { fd }, () => truefork.write(fd, bytes)],
    [`dup3(${fd}, 0)`, 'EBADF', { fd }, () => truefork.dup3(fd, 0, 0)],
    ['pipe2(1)', 'EINVAL', {}, () => truefork.pipe2(1)],
    [`mkfifo('${path}')`, 'ENOENT', { path }, truefork.mkfifo.bind(null, path, 0o600)],
    [`fcntl(${fd})`, 'EBADF', { fd }, () => truefork.fcntl(fd, truefork.F_OFD_SETLK, { type: truefork.F_WRLCK })],
    [`openat(${fd}, 'file')`, 'EBADF', { path: 'file', fd }, () => truefork.openat(fd, 'file', truefork.O_RDONLY)],
    [`openat(-100, '${path}')`, 'ENOENT', { path }, () => truefork.openat(truefork.AT_FDCWD, path, truefork.O_RDONLY)],
    [`pread(${fd})`, 'EBADF', { fd }, () => truefork.pread(fd, bytes, 0)],
    [`pwrite(${fd})`, 'EBADF', { fd }, () => truefork.pwrite(fd, bytes, 0)],
    [`readv(${fd})`, 'EBADF', { fd }, () => truefork.readv(fd, vector)],
    [`writev(${fd})`, 'EBADF', { fd }, () => truefork.writev(fd, vector)],
    [`lseek(${fd})`, 'EBADF', { fd }, () => truefork.lseek(fd, 0, truefork.SEEK_SET)],
    [`ftruncate(${fd})`, 'EBADF', { fd }, truefork.ftruncate.bind(null, fd, 0)],
    [`fsync(${fd})`, 'EBADF', { fd }, truefork.fsync.bind(null, fd)],
    [`sendfile(${fd}, 0)`, 'EBADF', { fd }, () => truefork.sendfile(fd, 0, null, 1)],
    [`splice(${fd}, 0)`, 'EBADF', { fd }, () => truefork.splice(fd, null, 0, null, 1, 0)],
    [`copy_file_range(${fd}, 0)`, 'EBADF', { fd }, () => truefork.copy_file_range(fd, null, 0, null, 1, 0)],
    [`dup(${fd})`, 'EBADF', { fd }, () => truefork.dup(fd)],
    [`dup2(${fd}, 0)`, 'EBADF', { fd }, () => truefork.dup2(fd, 0)],
    ['close_range(3, 2)', 'EINVAL', {}, truefork.close_range.bind(null, 3, 2, 0)],
    [`mknod('${path}')`, 'ENOENT', { path }, truefork.mknod.bind(null, path, truefork.S_IFIFO | 0o600, 0)],
    [`fcntl(${fd})`, 'EBADF', { fd }, () => truefork.fcntl(fd, truefork.F_GETPIPE_SZ)],
    [`flock(${fd})`, 'EBADF', { fd }, truefork.flock.bind(null, fd, truefork.LOCK_SH)],
    [`lockf(${fd})`, 'EBADF', { fd }, truefork.lockf.bind(null, fd, truefork.F_TLOCK, 0)],
    [`ioctl(${fd}, 0x541b)`, 'EBADF', { fd }, () => truefork.ioctl(fd, truefork.FIONREAD, new Int32Array(1))],
    [`fcntl(${fd})`, 'EBADF', { fd }, () => truefork.get_inheritable(fd)],
    [`fcntl(${fd})`, 'EBADF', { fd }, truefork.set_inheritable.bind(null, fd, true)],
    [`fcntl(${fd})`, 'EBADF', { fd }, () => truefork.get_blocking(fd)],
    [`fcntl(${fd})`, 'EBADF', { fd }, truefork.set_blocking.bind(null, fd, true)],
    ['eventfd(0, 2)', 'EINVAL', {}, () => truefork.eventfd(0, 2)],
    [`eventfd_read(${fd})`, 'EBADF', { fd }, () => truefork.eventfd_read(fd)],
    [`eventfd_write(${fd}, 1)`, 'EBADF', { fd }, truefork.eventfd_write.bind(null, fd, 1)],
    [`memfd_create('name')`, 'EINVAL', {}, () => truefork.memfd_create('name', 2 ** 30)],
    ['socketpair(2, 1)', 'EOPNOTSUPP', {}, () => truefork.socketpair(truefork.AF_INET, truefork.SOCK_STREAM, 0)],
    [`sendmsg(${fd})`, 'EBADF', { fd }, () => truefork.sendFds(fd, bytes, [], 0)],
    [`recvmsg(${fd})`, 'EBADF', { fd }, () => truefork.recvFds(fd, bytes, 1, 0)],
    [`recvmsg(${fd})`, 'EBADF', { fd }, () => truefork.recvCredentials(fd, bytes, 0)],
    [`tcgetattr(${fd})`, 'EBADF', { fd }, () => truefork.tcgetattr(fd)],
    [`tcsetattr(${fd})`, 'EBADF', { fd }, truefork.tcsetattr.bind(null, fd, truefork.TCSANOW, termios)],
    [`tcsendbreak(${fd})`, 'EBADF', { fd }, truefork.tcsendbreak.bind(null, fd, 0)],
    [`tcdrain(${fd})`, 'EBADF', { fd }, truefork.tcdrain.bind(null, fd)],
    [`tcflush(${fd})`, 'EBADF', { fd }, truefork.tcflush.bind(null, fd, truefork.TCIFLUSH)],
    [`tcflow(${fd})`, 'EBADF', { fd }, truefork.tcflow.bind(null, fd, truefork.TCOON)],
    [`tcgetwinsize(${fd})`, 'EBADF', { fd }, () => truefork.tcgetwinsize(fd)],
    [`tcsetwinsize(${fd})`, 'EBADF', { fd }, truefork.tcsetwinsize.bind(null, fd, { rows: 1, cols: 1 })],
    [`ttyname(${fd})`, 'EBADF', { fd }, () => truefork.ttyname(fd)],
    ['posix_openpt(65536)', 'ENOTDIR', {}, () => truefork.posix_openpt(truefork.O_DIRECTORY)],
    [`grantpt(${fd})`, 'EBADF', { fd }, truefork.grantpt.bind(null, fd)],
    [`unlockpt(${fd})`, 'EBADF', { fd }, truefork.unlockpt.bind(null, fd)],
    [`ptsname(${fd})`, 'EBADF', { fd }, () => truefork.ptsname(fd)],
    [`execvp('${path}')`, 'ENOENT', { path }, () => truefork.ptySpawn(path)],
    [`chdir('${path}')`, 'ENOENT', { path }, () => truefork.ptySpawn('true', [], { cwd: path })],
    ...processFailures,
    ['getrandom(1 bytes)', 'EINVAL', {}, () => truefork.getrandom(bytes, 1024)],
    ['stackOnSignal(SIGKILL)', 'EINVAL', {}, () => truefork.stackOnSignal('SIGKILL')],
    ['sigprocmask(1700)', 'EINVAL', {}, () => truefork.sigprocmask(1700, [])],
    ['siginterrupt(SIGKILL)', 'EINVAL', {}, truefork.siginterrupt.bind(null, 'SIGKILL', true)],
    ['sigaction(SIGKILL)', 'EINVAL', {}, () => truefork.sigaction('SIGKILL', ignored)],
    ['sigaction(SIGSTOP)', 'EINVAL', {}, () => truefork.signal('SIGSTOP', truefork.SIG_IGN)],
    ['sigaction(32)', 'EINVAL', {}, () => truefork.getsignal(32)],
    [`sigqueue(${pid}, SIGTERM)`, 'ESRCH', { pid }, truefork.sigqueue.bind(null, pid, 'SIGTERM', 1)],
    [`pidfd_send_signal(${fd}, 0)`, 'EBADF', { fd }, truefork.pidfd_send_signal.bind(null, fd, 0, null, 0)],
    ['timerfd_create(99, 0)', 'EINVAL', {}, () => truefork.timerfd_create(99, 0)],
    [`timerfd_settime(${fd})`, 'EBADF', { fd }, () => truefork.timerfd_settime(fd, 0, 1, 0)],
    [`timerfd_gettime(${fd})`, 'EBADF', { fd }, () => truefork.timerfd_gettime(fd)],
    ['setitimer(99)', 'EINVAL', {}, () => truefork.setitimer(99, 0, 0)],
    ['getitimer(99)', 'EINVAL', {}, () => truefork.getitimer(99)],
    [`mmap(8, fd ${fd})`, 'EBADF', { fd }, () => truefork.mmap(null, 8, 1, truefork.MAP_SHARED, fd, 0)],
    ['munmap(8)', 'EINVAL', {}, truefork.munmap.bind(null, new ArrayBuffer(8))],
    ['mremap(8, 16)', 'EINVAL', {}, () => truefork.mremap(new ArrayBuffer(8), 16, 0)],
    ['msync(1, 4)', 'EINVAL', {}, truefork.msync.bind(null, bytes, truefork.MS_SYNC)],
    ['madvise(1, 4)', 'EINVAL', {}, truefork.madvise.bind(null, bytes, truefork.MADV_DONTNEED)],
    ['mprotect(1, 0)', 'EINVAL', {}, truefork.mprotect.bind(null, bytes, truefork.PROT_NONE)],
    ['mlock(1)', 'EINVAL', {}, truefork.mlock.bind(null, bytes)],
    ['munlock(1)', 'EINVAL', {}, truefork.munlock.bind(null, bytes)],
    ['mlockall(1024)', 'EINVAL', {}, truefork.mlockall.bind(null, 1024)],
    ['mincore(1)', 'EINVAL', {}, truefork.mincore.bind(null, bytes, bytes)],
    ['pthread_mutex_unlock(0)', 'EPERM', {}, truefork.pthread_mutex_unlock.bind(null, freeMutex(), 0)],
    ['pthread_mutex_consistent(0)', 'EINVAL', {}, truefork.pthread_mutex_consistent.bind(null, freeMutex(), 0)],
    [`shm_open('/..')`, 'EINVAL', { path: '/..' }, () => truefork.shm_open('/..', truefork.O_RDWR, 0)],
    [`shm_unlink('/${pid}')`, 'ENOENT', { path: `/${pid}` }, truefork.shm_unlink.bind(null, `/${pid}`)],
    [`inet_pton(99, '::1')`, 'EAFNOSUPPORT', {}, () => truefork.inet_pton(99, '::1')],
    ['socket(99, 1)', 'EAFNOSUPPORT', {}, () => truefork.socket(99, 1, 0)],
    [`bind(${fd}, '::1', 80)`, 'EBADF', { fd }, truefork.bind.bind(null, fd, '::1', 80)],
    [`listen(${fd})`, 'EBADF', { fd }, truefork.listen.bind(null, fd, 1)],
    [`accept4(${fd})`, 'EBADF', { fd }, () => truefork.accept4(fd, 0)],
    [`shutdown(${fd})`, 'EBADF', { fd }, truefork.shutdown.bind(null, fd, truefork.SHUT_RDWR)],
    [`getpeername(${fd})`, 'EBADF', { fd }, () => truefork.getpeername(fd)],
    [`connect(${fd}, '::1', 80)`, 'EBADF', { fd }, truefork.connect.bind(null, fd, '::1', 80)],
    [`sendto(${fd}, '::1', 80)`, 'EBADF', { fd }, () => truefork.sendto(fd, bytes, 0, '::1', 80)],
    [`getsockopt(${fd}, 2)`, 'EBADF', { fd }, () => truefork.getsockopt(fd, 1, 2)],
    [`getsockname(${fd})`, 'EBADF', { fd }, () => truefork.getsockname(fd)],
    [`setsockopt(${fd}, 2)`, 'EBADF', { fd }, truefork.setsockopt.bind(null, fd, 1, 2, 1)],
    ['inotify_init1(1)', 'EINVAL', {}, () => truefork.inotify_init1(1)],
    [`inotify_add_watch('${path}')`, 'EBADF', { path, fd }, () => truefork.inotify_add_watch(fd, path, 1)],
    [`inotify_rm_watch(${fd}, 1)`, 'EBADF', { fd }, truefork.inotify_rm_watch.bind(null, fd, 1)],
    [`epoll_ctl(${fd})`, 'EBADF', { fd }, truefork.pausePolling.bind(null, fd)],
    [`epoll_ctl(${fd})`, 'EBADF', { fd }, truefork.resumePolling.bind(null, fd)],
    [`epoll_ctl(${fd})`, 'EBADF', { fd }, () => new truefork.Watcher(fd, () => undefined)],
  ];

  test.each(rows)('%s says what was called, and of what', (shown, code, about, call) => {
    const error = thrownBy(call) as PosixError;
    expect(error.message).toBe(`${code}: ${truefork.strerror(errno[code])}, ${shown}`);
    const name = classes[code] ?? 'PosixError';
    const syscall = shown.slice(0, shown.indexOf('('));
    expect(Object.fromEntries(Object.entries(error))).toEqual({ name, code, errno: errno[code], syscall, ...about });
  });

  test.each(rows)('%s has its caller in the first line of its stack', (_shown, _code, _about, call) => {
    function theCaller(): void {
      call();
      throw new Error('it did not throw');
    }
    const { name, message, stack = '' } = thrownBy(theCaller) as PosixError;
    const [head, first] = stack.split('\n    at ');
    expect(head).toBe(`${name}: ${message}`);
    // A bound function has no frame of its own: its caller is the first.
    expect(first).toMatch(/^(call|theCaller|Object\.call|.*(errors\.test|failures)\.ts)/);
    expect(first).not.toContain('/dist/');
  });

  test('all calls that can fail are in this table', () => {
    const called = new Set(rows.map(([shown]) => shown.slice(0, shown.indexOf('('))));
    const calls = Object.entries(truefork)
      .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
      .map(([name]) => name);
    // What does not call the system, cannot fail, or cannot be made to here; fork and setsid have tests of their own.
    const signals = [
      ...['getsignal', 'pause', 'raise', 'signal', 'signals', 'sigpending', 'sigsuspend', 'strsignal', 'validSignals'],
      ...['sigtimedwait', 'sigwait', 'sigwaitinfo', 'alarm', 'nanosleep', 'sleep', 'sleepThrough'],
    ];
    const others = [
      'cfmakeraw',
      'closeFrom',
      'closerange',
      'ctermid',
      'forkpty',
      'isatty',
      'login_tty',
      'makedev',
      'openpty',
      'pipe',
      'poll',
      'futexWait',
      'futexWake',
      'munlockall',
      'pthread_mutex_init',
      'pthread_mutex_trylock',
      'allSignals',
      'atfork',
      'decodeWaitStatus',
      'fork',
      'forkMany',
      'inotifyEvents',
      ...signals,
      ...cannotFail,
    ];
    // Jest is not to become another program, should one of these not fail: test/programs/posix-exec-fails.mjs.
    const programs = ['fexecve', 'posixSpawn', 'posixSpawnp', ...calls.filter((name) => /^exec[lv]/.test(name))];
    const helpers = [
      'blockedIn',
      'childrenOfThread',
      'intercept',
      'isPosixError',
      'outputWritten',
      'ownChildren',
      'prepareFork',
      'processArguments',
      'processMemory',
      'processStat',
      'ps',
      'pstree',
      'releaseMemory',
      'retryOnIntr',
      'signalName',
      'signalNumber',
      'strerror',
      'waitpidAsync',
      'waitstatus_to_exitcode',
    ];
    const shownAsOthers = ['pausePolling', 'resumePolling', 'ptySpawn', 'recvCredentials', 'recvFds', 'sendFds'];
    const shownAsFcntl = ['get_blocking', 'get_inheritable', 'set_blocking', 'set_inheritable'];
    const known = [...others, ...programs, ...helpers, ...shownAsOthers, ...shownAsFcntl];
    expect(calls.filter((name) => !called.has(name) && !known.includes(name))).toEqual([]);
  });
});

test('an error prints as Node’s own do, with its properties', () => {
  const printed = inspect(errorOf(-errno.ECHILD));
  expect(printed).toMatch(/^ChildProcessError: ECHILD: no child processes, waitpid\(4242\)\n {4}at /);
  expect(printed).toContain("code: 'ECHILD'");
  expect(printed).toContain('pid: 4242');
  expect(printed).not.toContain('name:');
});

describe('isPosixError', () => {
  const error: unknown = errorOf(-errno.ECHILD);

  test('tells system calls’ errors from others', () => {
    expect(isPosixError(error)).toBe(true);
    const others = [new Error('x'), Object.assign(new Error('x'), { code: 'ECHILD' }), null, undefined, 'ECHILD', {}];
    expect(others.some((other) => isPosixError(other))).toBe(false);
  });

  test('tells one errno from others', () => {
    expect([isPosixError(error, 'ECHILD'), isPosixError(error, 'ESRCH')]).toEqual([true, false]);
  });

  test('narrows the type', () => {
    if (!isPosixError(error, 'ECHILD')) throw new Error('not ECHILD');
    const code: 'ECHILD' = error.code;
    const pid: number | undefined = error.pid;
    // @ts-expect-error: it is ECHILD
    const other: 'ESRCH' = error.code;
    expect([code, pid, other]).toEqual(['ECHILD', 4242, 'ECHILD']);
    // @ts-expect-error: there is no such errno
    expect(isPosixError(error, 'ENOTHING')).toBe(false);
    // @ts-expect-error: it is not for the program to change
    error.errno = 1;
  });
});
