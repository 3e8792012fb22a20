// Who is whose parent, who may signal whom, and how _exit ends a process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  _exit,
  abort,
  close,
  decodeWaitStatus,
  dup3,
  F_GETFD,
  fcntl,
  FD_CLOEXEC,
  fork,
  getpid,
  getppid,
  getrlimit,
  kill,
  PermissionError,
  pidfd_getfd,
  pidfd_open,
  pipe2,
  processMemory,
  processStat,
  ps,
  read,
  RLIMIT_CORE,
  setrlimit,
  setsid,
  waitpid,
  write,
} from 'truefork';
import { child, gate, runCase } from './posix-cases.mjs';

await runCase({
  memory() {
    const { private: own, shared, proportional } = processMemory(getpid());
    assert.ok(own > 5 * 2 ** 20, `${own}`);
    assert.ok(own <= proportional && proportional <= own + shared, `${own} ${proportional} ${shared}`);
    const ballast = Buffer.alloc(64 * 2 ** 20, 1);
    const more = processMemory(getpid()).private - own;
    assert.ok(more > ballast.length / 2, `${more}`);
  },

  parents() {
    const [readEnd, writeEnd] = pipe2(0);
    const parent = getpid();
    const pid = child(() => write(writeEnd, Int32Array.of(getpid(), getppid())) && 0);
    const told = new Int32Array(2);
    read(readEnd, told);
    assert.deepEqual([...told], [pid, parent]);
    assert.notEqual(pid, parent);
    waitpid(pid, 0);
  },

  orphan() {
    const [readEnd, writeEnd] = pipe2(0);
    const middle = child(() => {
      const self = getpid();
      child(() => {
        while (getppid() === self) continue;
        write(writeEnd, Int32Array.of(getppid()));
      });
    });
    waitpid(middle, 0);
    const told = new Int32Array(1);
    read(readEnd, told);
    assert.ok(told[0] === 1 || told[0] !== getpid(), `adopted by ${told[0]}`);
  },

  'odd-name'() {
    for (const name of ['a) R (b', ') S 1 1', '(x)']) {
      writeFileSync('/proc/self/comm', name);
      const { command, ppid, state } = processStat(getpid());
      assert.deepEqual([command, ppid, state], [name, getppid(), 'R']);
    }
  },

  'not-ours'() {
    if (process.getuid() === 0) process.setuid(65534);
    for (const signal of [0, 'SIGTERM', 9]) {
      assert.throws(
        () => kill(1, signal),
        (error) => {
          assert.ok(error instanceof PermissionError);
          assert.deepEqual({ ...error }, { name: 'PermissionError', code: 'EPERM', errno: 1, syscall: 'kill', pid: 1 });
          assert.equal(error.message, `EPERM: operation not permitted, kill(1, ${signal})`);
          return true;
        },
      );
    }
  },

  group() {
    // This program leads a process group of its own.
    process.on('SIGTERM', () => undefined);
    for (const target of [0, -getpid()]) {
      const never = gate();
      const ready = gate();
      const children = [1, 2, 3].map(() =>
        child(() => {
          process.removeAllListeners('SIGTERM');
          ready.open();
          never.wait();
        }),
      );
      children.forEach(() => ready.wait());
      kill(target, 'SIGTERM');
      for (const pid of children) {
        const { status } = waitpid(pid, 0);
        assert.deepEqual(decodeWaitStatus(status), { state: 'signaled', signal: 'SIGTERM', coreDumped: false });
      }
    }
  },

  session() {
    // This program leads a process group of its own.
    assert.throws(() => setsid(), { name: 'PermissionError', code: 'EPERM', message: /, setsid\(\)$/ });
    const [readEnd, writeEnd] = pipe2(0);
    const pid = child(() => {
      const session = setsid();
      assert.throws(() => setsid(), { code: 'EPERM' });
      const [group, itsSession] = readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ').slice(2, 4);
      write(writeEnd, Int32Array.of(session, Number(group), Number(itsSession)));
    });
    const told = new Int32Array(3);
    read(readEnd, told);
    assert.deepEqual([...told], [pid, pid, pid]);
    assert.equal(waitpid(pid, 0).status, 0);
  },

  aborts() {
    for (const handler of [undefined, () => undefined]) {
      const pid = child(() => {
        setrlimit(RLIMIT_CORE, { cur: 0, max: getrlimit(RLIMIT_CORE).max });
        if (handler) process.on('SIGABRT', handler);
        process.on('exit', () => console.log('exit event'));
        abort();
      });
      assert.equal(decodeWaitStatus(waitpid(pid, 0).status).signal, 'SIGABRT');
    }
  },

  environment() {
    process.env.TRUEFORK_CASE = 'parent';
    const pid = child(() => {
      assert.equal(process.env.TRUEFORK_CASE, 'parent');
      process.env.TRUEFORK_CASE = 'child';
      process.env.TRUEFORK_OTHER = 'child';
      const { stdout } = spawnSync('/bin/sh', ['-c', 'echo $TRUEFORK_CASE $TRUEFORK_OTHER'], { encoding: 'utf8' });
      assert.equal(stdout, 'child child\n');
    });
    assert.equal(waitpid(pid, 0).status, 0);
    assert.deepEqual([process.env.TRUEFORK_CASE, process.env.TRUEFORK_OTHER], ['parent', undefined]);
  },

  'own-pid'() {
    const groups = new Set(ps().map(({ pgid }) => pgid));
    const pids = Array.from({ length: 20 }, () => child(() => 0));
    assert.equal(new Set(pids).size, pids.length);
    for (const pid of pids) {
      assert.ok(pid !== getpid() && !groups.has(pid));
      assert.equal(waitpid(pid, 0).pid, pid);
    }
  },

  'descriptor-of-another'() {
    const ready = gate();
    const end = gate();
    const [readEnd, writeEnd] = pipe2(0);
    const target = 200;
    const pid = child(() => {
      dup3(writeEnd, target, 0);
      ready.open();
      end.wait();
    });
    ready.wait();
    close(writeEnd);
    const pidfd = pidfd_open(pid, 0);
    assert.throws(() => pidfd_getfd(pidfd, target + 1, 0), { code: 'EBADF', fd: pidfd });
    assert.throws(() => pidfd_getfd(readEnd, target, 0), { code: 'EBADF', fd: readEnd });
    assert.throws(() => pidfd_getfd(pidfd, target, 1), { code: 'EINVAL' });
    const copy = pidfd_getfd(pidfd, target, 0);
    assert.equal(fcntl(copy, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    end.open();
    waitpid(pid, 0);
    assert.throws(() => pidfd_getfd(pidfd, target, 0), { name: 'ProcessLookupError', code: 'ESRCH' });
    // It is the child's end of the pipe, and outlives it.
    write(copy, Buffer.from('x'));
    assert.equal(read(readEnd, new Uint8Array(9)), 1);
  },

  async 'signal-by-number'() {
    const never = gate();
    for (const signal of ['SIGKILL', 9]) {
      const pid = child(() => never.wait());
      kill(pid, signal);
      assert.equal(waitpid(pid, 0).status, 9);
    }
  },

  'exit-at-once'() {
    process.on('exit', () => console.log('exit event'));
    process.on('beforeExit', () => console.log('beforeExit event'));
    setImmediate(() => console.log('immediate'));
    console.log('held');
    _exit(0);
  },

  'exit-codes'() {
    for (const code of [0, 1, 128, 255]) {
      const pid = fork();
      if (pid === 0) {
        try {
          _exit(code);
        } finally {
          console.log('_exit came back');
        }
      }
      assert.deepEqual(waitpid(pid, 0), { pid, status: code << 8 });
    }
  },

  'pidfd-of-the-dead'() {
    const pid = child(() => 0);
    waitpid(pid, 0);
    assert.throws(() => pidfd_open(pid, 0), { name: 'ProcessLookupError', code: 'ESRCH', pid });
  },
});
