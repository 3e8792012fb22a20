// Every call of the addon that valgrind can follow, with memory that it watches; what nobody uses any more is given back.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as posix from 'truefork/posix';

const directory = mkdtempSync(join(tmpdir(), 'truefork-valgrind-'));

// Descriptors and what watches them.
const [reader, writer] = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK);
let watcher;
const readable = new Promise((resolve) => (watcher = new posix.Watcher(reader, resolve)));
assert.equal(posix.write(writer, Buffer.from('hello')), 5);
await readable;
posix.pausePolling(reader);
posix.resumePolling(reader, { exclusive: true });
const buffer = Buffer.alloc(16);
assert.equal(posix.read(reader, buffer), 5);
watcher.close();
posix.close(reader);
posix.close(writer);
assert.equal(posix.dup3(1, 100, posix.O_CLOEXEC), 100);
posix.close(100);
posix.mkfifo(join(directory, 'fifo'), 0o600);
const file = posix.open(join(directory, 'file'), posix.O_RDWR | posix.O_CREAT | posix.O_CLOEXEC, 0o600);
posix.fcntl(file, posix.F_OFD_SETLK, { type: posix.F_WRLCK, start: 0, length: 0 });
posix.close(file);

// Mappings: one is unmapped, one is left to the garbage collector.
const mapping = posix.mmap(
  null,
  8192,
  posix.PROT_READ | posix.PROT_WRITE,
  posix.MAP_SHARED | posix.MAP_ANONYMOUS,
  -1,
  0,
);
new Uint8Array(mapping).fill(1);
posix.munmap(mapping);
posix.mmap(null, 8192, posix.PROT_READ, posix.MAP_PRIVATE | posix.MAP_ANONYMOUS, -1, 0);

// Inotify.
const queue = posix.inotify_init1(posix.IN_CLOEXEC | posix.IN_NONBLOCK);
const watch = posix.inotify_add_watch(queue, directory, posix.IN_DELETE);
rmSync(join(directory, 'fifo'));
const events = Buffer.alloc(4096);
assert.equal(posix.inotifyEvents(events.subarray(0, posix.read(queue, events)))[0].name, 'fifo');
posix.inotify_rm_watch(queue, watch);
posix.close(queue);

// Sockets.
const socket = posix.socket(posix.AF_INET, posix.SOCK_STREAM | posix.SOCK_CLOEXEC, 0);
posix.setsockopt(socket, posix.SOL_SOCKET, posix.SO_REUSEADDR, 1);
posix.bind(socket, '127.0.0.1', 0);
posix.listen(socket, 1);
assert.equal(posix.getsockname(socket).address, '127.0.0.1');
const client = posix.socket(posix.AF_INET, posix.SOCK_STREAM | posix.SOCK_CLOEXEC, 0);
posix.connect(client, '127.0.0.1', posix.getsockname(socket).port);
const connection = posix.accept4(socket, posix.SOCK_CLOEXEC);
assert.equal(posix.getpeername(connection).port, posix.getsockname(client).port);
posix.shutdown(client, posix.SHUT_WR);
assert.equal(posix.read(connection, buffer), 0);
[socket, client, connection].forEach((fd) => posix.close(fd));
const datagrams = [0, 1].map(() => posix.socket(posix.AF_UNIX, posix.SOCK_DGRAM | posix.SOCK_CLOEXEC, 0));
posix.bind(datagrams[0], join(directory, 'socket'));
assert.equal(posix.getsockname(datagrams[0]).address, join(directory, 'socket'));
posix.bind(datagrams[1], '');
assert.equal(posix.sendto(datagrams[1], Buffer.from('hello'), posix.MSG_DONTWAIT, join(directory, 'socket')), 5);
assert.equal(posix.read(datagrams[0], buffer), 5);
assert.throws(() => posix.connect(datagrams[1], join(directory, 'x'.repeat(108))), { code: 'ENAMETOOLONG' });
assert.equal(posix.getsockopt(datagrams[0], posix.SOL_SOCKET, posix.SO_TYPE), posix.SOCK_DGRAM);
assert.equal(posix.fcntl(datagrams[0], posix.F_GETFD), posix.FD_CLOEXEC);
datagrams.forEach((fd) => posix.close(fd));
assert.equal(posix.inet_pton(posix.AF_INET6, '::1').length, 16);

// Processes, signals, timers, random data.
assert.equal(posix.getpid(), process.pid);
assert(posix.getppid() > 0);
try {
  posix.close(posix.pidfd_open(process.pid, 0));
} catch (error) {
  if (error.code !== 'ENOSYS') throw error; // valgrind 3.19 does not know it.
}
assert.equal(posix.prctl(posix.PR_GET_DUMPABLE, 0), 1);
assert.equal(posix.getpwnam('root').uid, 0);
assert.equal(posix.getpwuid(0).name, 'root');
assert.equal(posix.getgrnam('no-such-group'), null);
assert.equal(posix.getgrnam('root').gid, 0);
assert.throws(() => posix.waitpid(-1, posix.WNOHANG), { code: 'ECHILD' });
assert.throws(() => posix.waitid(posix.P_ALL, 0, posix.WEXITED), { code: 'ECHILD' });
assert.deepEqual(posix.ownChildren(), []);
assert.equal(posix.prctl(posix.PR_GET_CHILD_SUBREAPER, 0), 0);
const mask = posix.sigprocmask(posix.SIG_BLOCK, ['SIGUSR2']);
posix.sigprocmask(posix.SIG_SETMASK, mask);
assert.equal(posix.sleep(0.001), 0);
posix.sigprocmask(posix.SIG_BLOCK, ['SIGUSR1', 'SIGUSR2']);
posix.kill(process.pid, 'SIGUSR1');
posix.sigpending();
assert.equal(posix.sigwaitinfo(['SIGUSR1']).pid, process.pid);
assert.equal(posix.sigtimedwait(['SIGUSR1'], 0), null);
posix.sigprocmask(posix.SIG_SETMASK, mask);
assert.equal(posix.getsignal('SIGUSR1'), posix.SIG_DFL);
assert.equal(posix.strsignal('SIGHUP'), 'Hangup');
const timer = posix.timerfd_create(posix.CLOCK_MONOTONIC, posix.TFD_CLOEXEC);
posix.timerfd_settime(timer, 0, 1, 0);
assert(posix.timerfd_gettime(timer).value > 0);
posix.close(timer);
assert.equal(posix.alarm(0), 0);
const alive = setInterval(() => {}, 1000); // A signal handler does not keep the event loop going.
const signal = once(process, 'SIGALRM');
posix.siginterrupt('SIGALRM', true);
posix.setitimer(posix.ITIMER_REAL, 0.001, 0);
await signal;
clearInterval(alive);
posix.getitimer(posix.ITIMER_REAL);
posix.kill(process.pid, 0);
assert.equal(posix.getrandom(buffer, 0), buffer.length);
assert.equal(posix.strerror(2), 'no such file or directory');

// A fork. Under valgrind it is refused, with all that comes before: no thread ever looks idle there.
try {
  const pid = posix.fork({ timeout: 200 });
  if (pid === 0) posix._exit(0);
  assert.equal(posix.waitpid(pid, 0).status, 0);
} catch (error) {
  if (error.code !== 'ERR_FORK_UNSAFE') throw error;
  console.log(`the fork was refused: ${error.reason}`);
}

globalThis.gc();
await new Promise(setImmediate);
rmSync(directory, { recursive: true });
console.log('passed');
