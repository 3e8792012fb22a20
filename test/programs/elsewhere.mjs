// Every export of the package, where the package cannot work: a call that needs the addon throws ERR_UNSUPPORTED_PLATFORM, with
// the reason that is the argument; what needs none works. Run from where the package is installed, on a platform that
// test/support/elsewhere.cjs pretends.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.cwd(), 'program.cjs'));
const { exports } = require('truefork/package.json');
const faces = Object.keys(exports).filter((path) => path !== './package.json');
const [reason] = process.argv.slice(2);

const all = {};
for (const face of faces) {
  const name = face.replace('.', 'truefork');
  const required = require(name);
  // Both kinds of import work.
  const imported = await import(require.resolve(name).replace(/js$/, 'mjs'));
  for (const [key, value] of Object.entries(required)) {
    assert.equal(imported[key], value);
    all[key] = value;
  }
}
const t = all;

const bytes = new Uint8Array(8);
const words = new Int32Array(64);
const memory = new ArrayBuffer(8);
const termios = { iflag: 0, oflag: 0, cflag: 0, lflag: 0, line: 0, ispeed: 0, ospeed: 0, cc: [] };
const winsize = { rows: 24, cols: 80, xpixel: 0, ypixel: 0 };
const program = ['/bin/true', ['true'], {}];
const file = join(process.cwd(), 'no-such-file');

/** With arguments that are right where the package works. */
const unsupported = {
  // posix
  ChildWatcher: () => new t.ChildWatcher(2, () => {}),
  ownChildren: () => t.ownChildren(),
  strsignal: () => t.strsignal('SIGTERM'),
  Fifo: () => new t.Fifo(file),
  fork: () => t.fork(),
  forkMany: () => t.forkMany(2),
  releaseMemory: () => t.releaseMemory(),
  Pipe: () => new t.Pipe(),
  PipeReader: () => new t.PipeReader(0).read(),
  PipeWriter: () => new t.PipeWriter(1).write('x'),
  ptySpawn: () => t.ptySpawn('true'),
  ps: () => t.ps(),
  pstree: () => t.pstree(),
  outputWritten: () => t.outputWritten(),
  waitpidAsync: () => t.waitpidAsync(2),
  getuid: () => t.getuid(),
  geteuid: () => t.geteuid(),
  getgid: () => t.getgid(),
  getegid: () => t.getegid(),
  getresuid: () => t.getresuid(),
  getresgid: () => t.getresgid(),
  setuid: () => t.setuid(0),
  seteuid: () => t.seteuid(0),
  setgid: () => t.setgid(0),
  setegid: () => t.setegid(0),
  setreuid: () => t.setreuid(0, 0),
  setregid: () => t.setregid(0, 0),
  setresuid: () => t.setresuid(0, 0, 0),
  setresgid: () => t.setresgid(0, 0, 0),
  getgroups: () => t.getgroups(),
  setgroups: () => t.setgroups([]),
  initgroups: () => t.initgroups('root', 0),
  close_range: () => t.close_range(1000, 1001, 0),
  closerange: () => t.closerange(1000, 1001),
  closeFrom: () => t.closeFrom(1000),
  open: () => t.open(file, t.O_RDONLY, 0),
  openat: () => t.openat(t.AT_FDCWD, file, t.O_RDONLY, 0),
  close: () => t.close(1000),
  pipe: () => t.pipe(),
  pipe2: () => t.pipe2(t.O_CLOEXEC),
  dup: () => t.dup(0),
  dup2: () => t.dup2(0, 1000),
  dup3: () => t.dup3(0, 1000, t.O_CLOEXEC),
  mkfifo: () => t.mkfifo(file, 0o600),
  mknod: () => t.mknod(file, t.S_IFIFO | 0o600, 0),
  makedev: () => t.makedev(1, 3),
  eventfd: () => t.eventfd(0, t.EFD_CLOEXEC),
  eventfd_read: () => t.eventfd_read(1000),
  eventfd_write: () => t.eventfd_write(1000, 1),
  fcntl: () => t.fcntl(0, t.F_GETFD),
  get_inheritable: () => t.get_inheritable(0),
  set_inheritable: () => t.set_inheritable(0, true),
  get_blocking: () => t.get_blocking(0),
  set_blocking: () => t.set_blocking(0, true),
  execve: () => t.execve(...program),
  execv: () => t.execv('/bin/true', ['true']),
  execvp: () => t.execvp('true', ['true']),
  execvpe: () => t.execvpe('true', ['true'], {}),
  execl: () => t.execl('/bin/true', 'true'),
  execlp: () => t.execlp('true', 'true'),
  execle: () => t.execle('/bin/true', 'true', {}),
  execlpe: () => t.execlpe('true', 'true', {}),
  fexecve: () => t.fexecve(1000, ['true'], {}),
  umask: () => t.umask(0o22),
  chdir: () => t.chdir('/'),
  fchdir: () => t.fchdir(1000),
  getcwd: () => t.getcwd(),
  chroot: () => t.chroot('/'),
  futexWait: () => t.futexWait(words, 0, 1, 0),
  futexWake: () => t.futexWake(words, 0, 1),
  inotify_init1: () => t.inotify_init1(t.IN_CLOEXEC),
  inotify_add_watch: () => t.inotify_add_watch(1000, '/', t.IN_CREATE),
  inotify_rm_watch: () => t.inotify_rm_watch(1000, 1),
  read: () => t.read(0, bytes),
  write: () => t.write(1, bytes),
  pread: () => t.pread(0, bytes, 0),
  pwrite: () => t.pwrite(1, bytes, 0),
  readv: () => t.readv(0, [bytes]),
  writev: () => t.writev(1, [bytes]),
  lseek: () => t.lseek(0, 0, t.SEEK_CUR),
  ftruncate: () => t.ftruncate(1000, 0),
  fsync: () => t.fsync(1000),
  sendfile: () => t.sendfile(1000, 1001, null, 1),
  splice: () => t.splice(1000, null, 1001, null, 1, 0),
  copy_file_range: () => t.copy_file_range(1000, null, 1001, null, 1, 0),
  ioctl: () => t.ioctl(0, t.FIONREAD, new Uint8Array(8)),
  flock: () => t.flock(1000, t.LOCK_SH),
  lockf: () => t.lockf(1000, t.F_LOCK, 0),
  mmap: () => t.mmap(null, 4096, t.PROT_READ, t.MAP_PRIVATE | t.MAP_ANONYMOUS, -1, 0),
  munmap: () => t.munmap(memory),
  mremap: () => t.mremap(memory, 16, t.MREMAP_MAYMOVE),
  Mapping: () => new t.Mapping(-1, 4096),
  msync: () => t.msync(memory, t.MS_SYNC),
  madvise: () => t.madvise(memory, t.MADV_NORMAL),
  mprotect: () => t.mprotect(memory, t.PROT_READ),
  mlock: () => t.mlock(memory),
  munlock: () => t.munlock(memory),
  mlockall: () => t.mlockall(t.MCL_CURRENT),
  munlockall: () => t.munlockall(),
  mincore: () => t.mincore(memory, bytes),
  memfd_create: () => t.memfd_create('x', t.MFD_CLOEXEC),
  poll: () => t.poll([{ fd: 0, events: t.POLLIN }], 0),
  pausePolling: () => t.pausePolling(1000),
  resumePolling: () => t.resumePolling(1000),
  pthread_mutex_init: () => t.pthread_mutex_init(words, 0),
  pthread_mutex_trylock: () => t.pthread_mutex_trylock(words, 0),
  pthread_mutex_unlock: () => t.pthread_mutex_unlock(words, 0),
  pthread_mutex_consistent: () => t.pthread_mutex_consistent(words, 0),
  unshare: () => t.unshare(t.CLONE_NEWNS),
  setns: () => t.setns(1000, 0),
  prctl: () => t.prctl(t.PR_GET_DUMPABLE, 0),
  threadName: () => t.threadName(),
  setThreadName: () => t.setThreadName('x'),
  _exit: () => t._exit(0),
  abort: () => t.abort(),
  getpid: () => t.getpid(),
  getppid: () => t.getppid(),
  gettid: () => t.gettid(),
  kill: () => t.kill(process.pid, 'SIGTERM'),
  killpg: () => t.killpg(process.pid, 'SIGRTMIN+1'),
  pidfd_open: () => t.pidfd_open(process.pid, 0),
  pidfd_getfd: () => t.pidfd_getfd(1000, 0, 0),
  posix_openpt: () => t.posix_openpt(t.O_RDWR | t.O_NOCTTY),
  grantpt: () => t.grantpt(1000),
  unlockpt: () => t.unlockpt(1000),
  ptsname: () => t.ptsname(1000),
  openpty: () => t.openpty(),
  login_tty: () => t.login_tty(1000),
  forkpty: () => t.forkpty(),
  getrandom: () => t.getrandom(bytes, 0),
  getrusage: () => t.getrusage(t.RUSAGE_SELF),
  getrlimit: () => t.getrlimit(t.RLIMIT_NOFILE),
  setrlimit: () => t.setrlimit(t.RLIMIT_NOFILE, { cur: 1, max: 1 }),
  prlimit: () => t.prlimit(0, t.RLIMIT_NOFILE, null),
  times: () => t.times(),
  getloadavg: () => t.getloadavg(),
  shm_open: () => t.shm_open('/x', t.O_RDWR, 0o600),
  shm_unlink: () => t.shm_unlink('/x'),
  socketpair: () => t.socketpair(t.AF_UNIX, t.SOCK_STREAM, 0),
  sendFds: () => t.sendFds(1000, bytes, [0], 0),
  recvFds: () => t.recvFds(1000, bytes, 1, 0),
  recvCredentials: () => t.recvCredentials(1000, bytes, 0),
  nice: () => t.nice(0),
  getpriority: () => t.getpriority(t.PRIO_PROCESS, 0),
  setpriority: () => t.setpriority(t.PRIO_PROCESS, 0, 0),
  sched_yield: () => t.sched_yield(),
  sched_getaffinity: () => t.sched_getaffinity(0),
  sched_setaffinity: () => t.sched_setaffinity(0, [0]),
  sched_getscheduler: () => t.sched_getscheduler(0),
  sched_setscheduler: () => t.sched_setscheduler(0, t.SCHED_OTHER, { priority: 0 }),
  sched_getparam: () => t.sched_getparam(0),
  sched_setparam: () => t.sched_setparam(0, { priority: 0 }),
  sched_get_priority_min: () => t.sched_get_priority_min(t.SCHED_OTHER),
  sched_get_priority_max: () => t.sched_get_priority_max(t.SCHED_OTHER),
  getpgid: () => t.getpgid(0),
  getpgrp: () => t.getpgrp(),
  setpgid: () => t.setpgid(0, 0),
  setpgrp: () => t.setpgrp(),
  getsid: () => t.getsid(0),
  setsid: () => t.setsid(),
  tcgetpgrp: () => t.tcgetpgrp(0),
  tcsetpgrp: () => t.tcsetpgrp(0, 1),
  signal: () => t.signal('SIGALRM', () => {}),
  getsignal: () => t.getsignal('SIGALRM'),
  sigaction: () => t.sigaction('SIGALRM', null),
  siginterrupt: () => t.siginterrupt('SIGALRM', true),
  signals: () => t.signals(['SIGALRM']),
  sigprocmask: () => t.sigprocmask(t.SIG_BLOCK, ['SIGALRM']),
  sigpending: () => t.sigpending(),
  raise: () => t.raise('SIGALRM'),
  sigqueue: () => t.sigqueue(process.pid, 'SIGALRM', 1),
  pidfd_send_signal: () => t.pidfd_send_signal(1000, 'SIGALRM', null, 0),
  sigsuspend: () => t.sigsuspend([]),
  pause: () => t.pause(),
  sigwait: () => t.sigwait(['SIGALRM']),
  sigwaitinfo: () => t.sigwaitinfo(['SIGALRM']),
  sigtimedwait: () => t.sigtimedwait(['SIGALRM'], 0),
  sleep: () => t.sleep(1),
  nanosleep: () => t.nanosleep(1),
  sleepThrough: () => t.sleepThrough(1),
  posixSpawn: () => t.posixSpawn(...program),
  posixSpawnp: () => t.posixSpawnp(...program),
  stackOnSignal: () => t.stackOnSignal('SIGALRM'),
  inet_pton: () => t.inet_pton(t.AF_INET, '127.0.0.1'),
  socket: () => t.socket(t.AF_INET, t.SOCK_STREAM, 0),
  bind: () => t.bind(1000, '127.0.0.1', 0),
  connect: () => t.connect(1000, '127.0.0.1', 1),
  sendto: () => t.sendto(1000, bytes, 0, '127.0.0.1', 1),
  listen: () => t.listen(1000, 1),
  accept4: () => t.accept4(1000, t.SOCK_CLOEXEC),
  shutdown: () => t.shutdown(1000, t.SHUT_RDWR),
  getsockname: () => t.getsockname(1000),
  getpeername: () => t.getpeername(1000),
  getsockopt: () => t.getsockopt(1000, t.SOL_SOCKET, t.SO_REUSEADDR),
  setsockopt: () => t.setsockopt(1000, t.SOL_SOCKET, t.SO_REUSEADDR, 1),
  tcgetattr: () => t.tcgetattr(0),
  tcsetattr: () => t.tcsetattr(0, t.TCSANOW, termios),
  cfmakeraw: () => t.cfmakeraw(termios),
  tcsendbreak: () => t.tcsendbreak(0, 0),
  tcdrain: () => t.tcdrain(0),
  tcflush: () => t.tcflush(0, t.TCIFLUSH),
  tcflow: () => t.tcflow(0, t.TCOON),
  tcgetwinsize: () => t.tcgetwinsize(0),
  tcsetwinsize: () => t.tcsetwinsize(0, winsize),
  isatty: () => t.isatty(0),
  ttyname: () => t.ttyname(0),
  ctermid: () => t.ctermid(),
  sysconf: () => t.sysconf('SC_PAGESIZE'),
  getpagesize: () => t.getpagesize(),
  setitimer: () => t.setitimer(t.ITIMER_REAL, 1, 0),
  getitimer: () => t.getitimer(t.ITIMER_REAL),
  alarm: () => t.alarm(1),
  timerfd_create: () => t.timerfd_create(t.CLOCK_MONOTONIC, t.TFD_CLOEXEC),
  timerfd_settime: () => t.timerfd_settime(1000, 0, 1, 0),
  timerfd_gettime: () => t.timerfd_gettime(1000),
  getpwnam: () => t.getpwnam('root'),
  getpwuid: () => t.getpwuid(0),
  getgrnam: () => t.getgrnam('root'),
  wait: () => t.wait(),
  waitpid: () => t.waitpid(-1, t.WNOHANG),
  wait3: () => t.wait3(t.WNOHANG),
  wait4: () => t.wait4(-1, t.WNOHANG),
  waitid: () => t.waitid(t.P_ALL, 0, t.WEXITED),
  Watcher: () => new t.Watcher(0, () => {}),
  // reaper
  forkChild: () => t.forkChild(() => {}),
  Reaper: () => new t.Reaper().watch(2),
  adoptsOrphans: () => t.adoptsOrphans(),
  StrangerReaper: () => new t.StrangerReaper(),
  // ipc
  Barrier: () => new t.Barrier(2),
  Channel: () => t.Channel.pair(),
  Condition: () => new t.Condition(),
  Event: () => new t.Event(),
  Lock: () => new t.Lock(),
  RLock: () => new t.RLock(),
  Pool: () => new t.Pool(1).apply(() => 1),
  Queue: () => new t.Queue(),
  BoundedSemaphore: () => new t.BoundedSemaphore(),
  Semaphore: () => new t.Semaphore(),
  SharedArray: () => new t.SharedArray(Int32Array, 4),
  SharedValue: () => new t.SharedValue(Int32Array, 4),
  // prefork
  openListener: () => t.openListener({ port: 0 }),
  prefork: async () => t.prefork((await import('node:http')).createServer(), { port: 0 }),
  // daemon
  readPidFile: () => t.readPidFile(file),
  daemonize: () => t.daemonize(),
  identityOf: () => t.identityOf('root'),
  redirectOutput: () => t.redirectOutput(file),
  checkPidFile: () => t.checkPidFile(file),
  writePidFile: () => t.writePidFile(file),
  supervise: () => t.supervise(['true'], { limit: 1 }).ended,
  // discovery
  connectRegistry: async () =>
    (await t.connectRegistry(pathToFileURL(file))).register('x', { host: '127.0.0.1', port: 1 }),
  // trace
  traceProgram: () => t.traceProgram([process.execPath, '-e', '']),
  record: () => t.record(),
};

/** They need no system call that Node.js does not have. */
const works = {
  strerror: () => t.strerror(2),
  atfork: () => t.atfork({ child() {} })(),
  intercept: () => t.intercept(() => ({}))(),
  prepareFork: () => t.prepareFork(),
  createAppServer: () => t.createAppServer(() => undefined),
  ProcessTree: () => new t.ProcessTree({ pid: 1, args: [], command: 'x' }, []),
  inotifyEvents: () => assert.deepEqual(t.inotifyEvents(new Uint8Array()), []),
  isPosixError: () => assert.equal(t.isPosixError(new Error('x')), false),
  retryOnIntr: () =>
    assert.equal(
      t.retryOnIntr(() => 1),
      1,
    ),
  signalNumber: () => assert.equal(t.signalNumber('SIGTERM'), 15),
  signalName: () => assert.equal(t.signalName(15), 'SIGTERM'),
  validSignals: () => assert(t.validSignals().includes('SIGTERM')),
  WIFEXITED: () => assert.equal(t.WIFEXITED(0x700), true),
  WEXITSTATUS: () => assert.equal(t.WEXITSTATUS(0x700), 7),
  WIFSIGNALED: () => assert.equal(t.WIFSIGNALED(9), true),
  WTERMSIG: () => assert.equal(t.WTERMSIG(9), 9),
  WCOREDUMP: () => assert.equal(t.WCOREDUMP(9), false),
  WIFSTOPPED: () => assert.equal(t.WIFSTOPPED(9), false),
  WSTOPSIG: () => t.WSTOPSIG(0x137f),
  WIFCONTINUED: () => assert.equal(t.WIFCONTINUED(9), false),
  decodeWaitStatus: () => assert.deepEqual(t.decodeWaitStatus(0x700), { state: 'exited', code: 7 }),
  waitstatus_to_exitcode: () => assert.equal(t.waitstatus_to_exitcode(0x700), 7),
  shownAddress: () => assert.equal(t.shownAddress({ host: '::', port: 1 }), ':: port 1'),
  socketPath: () => t.socketPath('path', '/x'),
  lineOf: () => t.lineOf({ level: 'info', event: 'fork', role: 'master' }),
  noteTo: () => t.noteTo({ log: () => {}, logRecord: undefined }),
  isPreforkOption: () => t.isPreforkOption('workers'),
  mayBeNever: () => t.mayBeNever({}),
  predecessor: () => assert.equal(t.predecessor(), undefined),
  thisWorker: () => assert.equal(t.thisWorker(), undefined),
  answersHttp: () => t.answersHttp('http://127.0.0.1/'),
  answersTcp: () => t.answersTcp(1),
  checkService: () => t.checkService('x'),
  checkRegistryUrl: () => t.checkRegistryUrl('zk://127.0.0.1/x'),
  decodeInstance: () => t.decodeInstance(Buffer.from('{"host":"127.0.0.1","port":1}')),
  createRpcServer: () => t.createRpcServer({ one: () => 1 }),
  createRpcClient: () => t.createRpcClient({ host: '127.0.0.1', port: 1 }),
  encodeFrame: () => t.encodeFrame({}),
  FrameReader: () => new t.FrameReader(10),
  mark: () => t.mark('x'),
  toSvg: () => t.toSvg(timeline),
  toHtml: () => t.toHtml(timeline),
  toPerfetto: () => t.toPerfetto(timeline),
  toText: () => t.toText(timeline),
  digestAcl: () => t.digestAcl('a', 'b'),
  ZooKeeperClient: () => new t.ZooKeeperClient('127.0.0.1:1').stop(),
};
const timeline = {
  version: 1,
  startedAt: 0,
  duration: 1,
  processes: [],
  events: [],
  signals: [],
  messages: [],
  dropped: 0,
  torn: 0,
};

/** They read /proc: they need Linux, and no addon. */
const ofLinux = {
  processStat: () => assert.equal(t.processStat(process.pid).pid, process.pid),
  processArguments: () => assert.equal(t.processArguments(process.pid).at(-1), process.argv.at(-1)),
  processMemory: () => assert(t.processMemory(process.pid).private > 0),
  childrenOfThread: () => assert.deepEqual(t.childrenOfThread(), []),
  blockedIn: () => assert.equal(t.blockedIn(process.pid), 'running'),
};

/** They need users, which Node.js has everywhere but on Windows. */
const ofUsers = {
  askMaster: () => t.askMaster(2 ** 22, 'status').catch((error) => assert.equal(error.code, 'ENOENT', error)),
  become: () => t.become({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, user: undefined }),
  families: () => t.families(),
};

/** Only other calls make them. */
const made = ['Daemon', 'PidFile', 'PtyProcess'];

const failures = [];
async function holds(name, call, isSupported) {
  let error;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  if (isSupported) {
    if (error) failures.push(`${name}: ${error.stack}`);
  } else if (error === undefined) {
    failures.push(`${name}: nothing was thrown`);
  } else if (error.code !== 'ERR_UNSUPPORTED_PLATFORM' || !error.message.includes(reason)) {
    failures.push(`${name}: ${error.stack}`);
  }
}

const isError = (value) => value === Error || value.prototype instanceof Error;
const callable = Object.keys(all).filter((name) => typeof all[name] === 'function' && !isError(all[name]));
const listed = [
  ...Object.keys(unsupported),
  ...Object.keys(works),
  ...Object.keys(ofLinux),
  ...Object.keys(ofUsers),
  ...made,
];
const unlisted = callable.filter((name) => !listed.includes(name));
assert.deepEqual(unlisted, [], 'an export that is in none of these tables');
const gone = listed.filter((name) => !(name in all));
assert.deepEqual(gone, [], 'a name in these tables that is no export');

// Nothing is left for later that then ends the process.
process.on('uncaughtException', (error) => failures.push(`later: ${error.stack}`));

for (const [name, call] of Object.entries(unsupported)) await holds(name, call, false);
for (const [name, call] of Object.entries(works)) await holds(name, call, true);
for (const [name, call] of Object.entries(ofLinux)) await holds(name, call, process.platform === 'linux');
for (const [name, call] of Object.entries(ofUsers)) await holds(name, call, process.platform !== 'win32');
await nextTurn();
// The first call that most people make. Not of one that it makes.
assert.throws(unsupported.fork, { message: `truefork cannot do fork here: ${reason}` });
console.log(failures.length > 0 ? failures.join('\n') : 'passed');
