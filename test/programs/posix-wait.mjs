// Children that end, stop and go on, and what waitpid says of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
  __WNOTHREAD,
  childrenOfThread,
  ChildProcessError,
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  decodeWaitStatus,
  getpid,
  kill,
  ownChildren,
  P_ALL,
  P_PGID,
  P_PID,
  P_PIDFD,
  pidfd_open,
  pipe2,
  ProcessLookupError,
  read,
  signalName,
  signalNumber,
  SIGRTMIN,
  waitid,
  waitpid,
  WCONTINUED,
  WCOREDUMP,
  WEXITED,
  WEXITSTATUS,
  WIFCONTINUED,
  WIFEXITED,
  WIFSIGNALED,
  WIFSTOPPED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
  WSTOPSIG,
  WTERMSIG,
  write,
  WUNTRACED,
} from 'truefork';
import { child, gate, runCase, statusOf } from './posix-cases.mjs';

const noChild = { name: 'ChildProcessError', code: 'ECHILD', errno: 10, syscall: 'waitpid' };

// All that end a process by default, and that Node has not set to something else: it ignores SIGPIPE and SIGXFSZ, and
// starts its inspector at SIGUSR1.
const fatal = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGSEGV',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGXCPU',
  'SIGVTALRM',
  'SIGPROF',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
  SIGRTMIN,
  SIGRTMIN + 1,
];

await runCase({
  'exit-codes'() {
    for (const code of [0, 1, 2, 23, 42, 126, 127, 128, 254, 255]) {
      const pid = child(() => code);
      const result = waitpid(pid, 0);
      assert.equal(result.pid, pid);
      assert.equal(result.status, code << 8);
      assert.ok(WIFEXITED(result.status));
      assert.equal(WEXITSTATUS(result.status), code);
      assert.ok(!WIFSIGNALED(result.status) && !WIFSTOPPED(result.status) && !WIFCONTINUED(result.status));
      assert.deepEqual(decodeWaitStatus(result.status), { state: 'exited', code });
    }
  },

  'fatal-signals'() {
    for (const signal of fatal) {
      const never = gate();
      const pid = child(() => {
        kill(getpid(), signal);
        never.wait();
      });
      const { status } = waitpid(pid, 0);
      assert.ok(WIFSIGNALED(status), String(signal));
      assert.equal(WTERMSIG(status), signalNumber(signal));
      assert.ok(!WIFEXITED(status) && !WIFSTOPPED(status) && !WIFCONTINUED(status));
      const coreDumped = WCOREDUMP(status);
      const name = signalName(signalNumber(signal));
      assert.deepEqual(decodeWaitStatus(status), { state: 'signaled', signal: name, coreDumped });
      if (['SIGKILL', 'SIGTERM', 'SIGALRM', 'SIGINT'].includes(signal)) assert.equal(coreDumped, false);
    }
  },

  'stop-and-continue'() {
    const end = gate();
    const pid = child(() => {
      end.wait();
      return 7;
    });
    for (let round = 0; round < 3; round++) {
      kill(pid, 'SIGSTOP');
      const stopped = waitpid(pid, WUNTRACED);
      assert.equal(stopped.pid, pid);
      assert.ok(WIFSTOPPED(stopped.status));
      assert.equal(WSTOPSIG(stopped.status), signalNumber('SIGSTOP'));
      assert.ok(!WIFEXITED(stopped.status) && !WIFSIGNALED(stopped.status) && !WIFCONTINUED(stopped.status));
      assert.deepEqual(decodeWaitStatus(stopped.status), { state: 'stopped', signal: 'SIGSTOP' });
      // Each change of state is told once.
      assert.deepEqual(waitpid(pid, WNOHANG | WUNTRACED), { pid: 0, status: 0 });

      kill(pid, 'SIGCONT');
      const continued = waitpid(pid, WCONTINUED);
      assert.equal(continued.pid, pid);
      assert.ok(WIFCONTINUED(continued.status));
      assert.ok(!WIFEXITED(continued.status) && !WIFSIGNALED(continued.status) && !WIFSTOPPED(continued.status));
      assert.deepEqual(decodeWaitStatus(continued.status), { state: 'continued' });
      assert.deepEqual(waitpid(pid, WNOHANG | WCONTINUED), { pid: 0, status: 0 });
    }
    end.open();
    assert.deepEqual(waitpid(pid, WUNTRACED | WCONTINUED), { pid, status: 7 << 8 });
  },

  'stop-unasked'() {
    const end = gate();
    const pid = child(() => end.wait());
    kill(pid, 'SIGSTOP');
    waitpid(pid, WUNTRACED);
    kill(pid, 'SIGCONT');
    kill(pid, 'SIGSTOP');
    assert.deepEqual(waitpid(pid, WNOHANG), { pid: 0, status: 0 });
    kill(pid, 'SIGKILL');
    assert.equal(waitpid(pid, 0).status, signalNumber('SIGKILL'));
  },

  'not-yet'() {
    // The status of an earlier wait must not shine through.
    waitpid(
      child(() => 255),
      0,
    );
    const end = gate();
    const pid = child(() => {
      end.wait();
      return 3;
    });
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(waitpid(pid, WNOHANG), { pid: 0, status: 0 });
      assert.deepEqual(waitpid(-1, WNOHANG), { pid: 0, status: 0 });
    }
    end.open();
    assert.deepEqual(waitpid(pid, 0), { pid, status: 3 << 8 });
  },

  reaped() {
    const pid = child(() => 0);
    waitpid(pid, 0);
    for (const options of [0, WNOHANG, WUNTRACED | WCONTINUED]) {
      assert.throws(
        () => waitpid(pid, options),
        (error) => {
          assert.ok(error instanceof ChildProcessError);
          assert.deepEqual({ ...error }, { ...noChild, pid });
          assert.equal(error.message, `ECHILD: no child processes, waitpid(${pid})`);
          return true;
        },
      );
    }
    assert.throws(() => waitpid(-1, 0), { ...noChild, pid: -1 });
  },

  foreign() {
    // Neither init nor our own parent is our child, and a grandchild is not either.
    for (const pid of [1, process.ppid, getpid()]) assert.throws(() => waitpid(pid, 0), { ...noChild, pid });
    const [readEnd, writeEnd] = pipe2(0);
    const end = gate();
    const pid = child(() => {
      const grandchild = child(() => end.wait());
      write(writeEnd, Int32Array.of(grandchild));
      waitpid(grandchild, 0);
    });
    const grandchild = new Int32Array(1);
    read(readEnd, grandchild);
    assert.throws(() => waitpid(grandchild[0], 0), { ...noChild, pid: grandchild[0] });
    end.open();
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  },

  zombie() {
    const pid = child(() => 0);
    while (!statusOf(pid, 'State').startsWith('Z')) continue;
    kill(pid, 0);
    kill(pid, 'SIGKILL');
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    assert.throws(() => kill(pid, 0), ProcessLookupError);
  },

  everyone() {
    for (const any of [-1, 0, -getpid()]) {
      const codes = new Map();
      for (let code = 0; code < 25; code++)
        codes.set(
          child(() => code),
          code,
        );
      while (codes.size > 0) {
        const { pid, status } = waitpid(any, 0);
        assert.equal(WEXITSTATUS(status), codes.get(pid));
        codes.delete(pid);
      }
      assert.throws(() => waitpid(any, 0), { ...noChild, pid: any });
    }
  },

  information() {
    const uid = process.getuid();
    const exited = child(() => 23);
    assert.deepEqual(waitid(P_PID, exited, WEXITED), { pid: exited, uid, code: CLD_EXITED, status: 23 });
    const never = gate();
    const killed = child(() => never.wait());
    kill(killed, 'SIGTERM');
    const status = signalNumber('SIGTERM');
    assert.deepEqual(waitid(P_PID, killed, WEXITED), { pid: killed, uid, code: CLD_KILLED, status });
    assert.throws(() => waitid(P_PID, killed, WEXITED), {
      name: 'ChildProcessError',
      code: 'ECHILD',
      syscall: 'waitid',
    });
  },

  changes() {
    const end = gate();
    const pid = child(() => end.wait());
    kill(pid, 'SIGSTOP');
    const tells = (options) => {
      const { code, status } = waitid(P_PID, pid, options);
      return [code, signalName(status)];
    };
    assert.deepEqual(tells(WSTOPPED | WEXITED), [CLD_STOPPED, 'SIGSTOP']);
    kill(pid, 'SIGCONT');
    assert.deepEqual(tells(WCONTINUED), [CLD_CONTINUED, 'SIGCONT']);
    end.open();
    assert.equal(waitid(P_PID, pid, WSTOPPED | WEXITED).code, CLD_EXITED);
  },

  whom() {
    const own = Number(readFileSync('/proc/self/stat', 'utf8').split(' ')[4]);
    for (const [idtype, id] of [
      [P_ALL, () => 0],
      [P_PID, (pid) => pid],
      [P_PGID, () => 0],
      [P_PGID, () => own],
      [P_PIDFD, (pid) => pidfd_open(pid, 0)],
    ]) {
      const end = gate();
      const pid = child(() => {
        end.wait();
        return 9;
      });
      const which = id(pid);
      assert.deepEqual(waitid(idtype, which, WEXITED | WNOHANG), { pid: 0, uid: 0, code: 0, status: 0 });
      end.open();
      assert.equal(waitid(idtype, which, WEXITED).pid, pid);
    }
    assert.throws(() => waitid(P_ALL, 0, WEXITED), { code: 'ECHILD' });
  },

  peek() {
    const pid = child(() => 5);
    for (let n = 0; n < 3; n++) assert.equal(waitid(P_PID, pid, WEXITED | WNOWAIT).status, 5);
    assert.equal(waitid(P_ALL, 0, WEXITED | WNOWAIT | WNOHANG).pid, pid);
    assert.deepEqual(ownChildren(), [pid]);
    assert.equal(waitid(P_PID, pid, WEXITED).status, 5);
    assert.deepEqual(ownChildren(), []);
  },

  async threads() {
    const script = `
      const { once } = require('node:events');
      const { spawn } = require('node:child_process');
      const { parentPort } = require('node:worker_threads');
      parentPort.once('message', () => process.exit());
      parentPort.postMessage(spawn('/bin/sleep', ['1000'], { stdio: 'ignore' }).pid);`;
    const worker = new Worker(script, { eval: true });
    const [pid] = await once(worker, 'message');
    assert.throws(() => waitid(P_PID, pid, WEXITED | WNOHANG | __WNOTHREAD), { code: 'ECHILD' });
    assert.throws(() => waitpid(pid, WNOHANG | __WNOTHREAD), { code: 'ECHILD' });
    assert.equal(waitid(P_PID, pid, WEXITED | WNOHANG).pid, 0);
    assert.deepEqual(childrenOfThread(), []);
    worker.postMessage('end');
    await once(worker, 'exit');
    // The thread leaves it to the main thread: at its very end, when it has been joined (pthread_join(3)).
    while (childrenOfThread().length === 0) continue;
    assert.deepEqual(childrenOfThread(), [pid]);
    kill(pid, 'SIGKILL');
    assert.equal(waitid(P_PID, pid, WEXITED | __WNOTHREAD).pid, pid);
  },
});
