// Who is whose parent, who may signal whom, and how _exit ends a process.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  _exit,
  decodeWaitStatus,
  fork,
  getpid,
  getppid,
  kill,
  PermissionError,
  pidfd_open,
  pipe2,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_DUMPABLE,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_DUMPABLE,
  prctl,
  processMemory,
  processStat,
  read,
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

  dumpable() {
    const pid = child(() => {
      for (const value of [0, 1]) {
        assert.equal(prctl(PR_SET_DUMPABLE, value), 0);
        assert.equal(prctl(PR_GET_DUMPABLE, 0), value);
      }
    });
    assert.equal(waitpid(pid, 0).status, 0);
  },

  subreaper() {
    const pid = child(() => {
      for (const value of [1, 0, 1]) {
        assert.equal(prctl(PR_SET_CHILD_SUBREAPER, value), 0);
        assert.equal(prctl(PR_GET_CHILD_SUBREAPER, 0), value);
      }
      // A fork is none.
      const fork = child(() => assert.equal(prctl(PR_GET_CHILD_SUBREAPER, 0), 0));
      assert.equal(waitpid(fork, 0).status, 0);
    });
    assert.equal(waitpid(pid, 0).status, 0);
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
