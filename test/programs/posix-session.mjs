// Process groups, sessions and their terminal: node posix-session.mjs <case>.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  decodeWaitStatus,
  getpgid,
  getpgrp,
  getpid,
  getsid,
  kill,
  killpg,
  processStat,
  ps,
  setpgid,
  setpgrp,
  setsid,
  sigprocmask,
  SIG_BLOCK,
  SIG_UNBLOCK,
  tcgetpgrp,
  tcsetpgrp,
  waitpid,
  WNOHANG,
  WUNTRACED,
} from 'truefork';
import { child, gate, runCase } from './posix-cases.mjs';

const ended = (pid) => assert.equal(waitpid(pid, 0).status, 0);

/** A child that does this and then waits to be killed; what it has done is done when this returns. */
function standing(body = () => undefined) {
  const ready = gate();
  const never = gate();
  const pid = child(() => {
    body();
    ready.open();
    never.wait();
  });
  ready.wait();
  return pid;
}

function end(pid) {
  kill(pid, 'SIGKILL');
  waitpid(pid, 0);
}

await runCase({
  groups() {
    // This program leads a process group of its own, and is in the session of the tests.
    assert.equal(getpgrp(), getpid());
    assert.equal(getpgid(0), getpgrp());
    const first = standing(() => {
      assert.equal(getpgrp(), getpgid(process.ppid));
      setpgrp();
      assert.deepEqual([getpgrp(), getpgid(0), getpgid(getpid())], Array(3).fill(getpid()));
    });
    assert.equal(getpgid(first), first);
    assert.equal(processStat(first).pgid, first);
    // Into a group that there is; by the parent, and by itself.
    const second = standing();
    setpgid(second, first);
    assert.equal(getpgid(second), first);
    const third = standing(() => setpgid(0, first));
    // The leader of a new one, by its parent.
    const fourth = standing();
    setpgid(fourth, 0);
    assert.equal(getpgid(fourth), fourth);
    assert.deepEqual(
      ps({ group: first }).map(({ pid }) => pid),
      [first, second, third].sort((a, b) => a - b),
    );

    // To wait for one group is not to wait for the other.
    kill(fourth, 'SIGKILL');
    kill(second, 'SIGKILL');
    assert.equal(waitpid(-first, 0).pid, second);
    assert.deepEqual(waitpid(-first, WNOHANG), { pid: 0, status: 0 });
    assert.throws(() => waitpid(0, WNOHANG), { code: 'ECHILD' });
    killpg(first, 0);
    killpg(first, 'SIGTERM');
    const rest = [waitpid(-first, 0), waitpid(-first, 0)];
    assert.deepEqual(new Set(rest.map(({ pid }) => pid)), new Set([first, third]));
    for (const { status } of rest) assert.equal(decodeWaitStatus(status).signal, 'SIGTERM');
    assert.throws(() => waitpid(-first, 0), { code: 'ECHILD' });
    assert.equal(waitpid(-fourth, 0).pid, fourth);
    assert.throws(() => killpg(first, 0), { name: 'ProcessLookupError', code: 'ESRCH', syscall: 'killpg' });
  },

  async mistakes() {
    const eperm = { name: 'PermissionError', code: 'EPERM' };
    const nobody = 2 ** 22 + 1;
    assert.throws(() => setpgid(0, -1), { code: 'EINVAL' });
    assert.throws(() => setpgid(nobody, 0), { name: 'ProcessLookupError', code: 'ESRCH', pid: nobody });
    // Our parent is no child of ours.
    assert.throws(() => setpgid(process.ppid, 0), { code: 'ESRCH' });
    // There is no such group.
    const plain = standing();
    assert.throws(() => setpgid(plain, nobody), eperm);
    end(plain);
    // The leader of a session, and a process of another one.
    const leader = standing(() => {
      setsid();
      assert.throws(() => setpgrp(), { ...eperm, syscall: 'setpgrp', message: /, setpgrp\(\)$/ });
      assert.throws(() => setpgid(0, 0), eperm);
    });
    assert.throws(() => setpgid(leader, 0), eperm);
    assert.throws(() => setpgid(leader, getpgrp()), eperm);
    assert.throws(() => setpgid(0, leader), eperm);
    assert.equal(getsid(leader), leader);
    assert.notEqual(getsid(0), leader);
    end(leader);
    // One that has called exec.
    const other = spawn('sleep', ['1000']);
    await once(other, 'spawn');
    assert.throws(() => setpgid(other.pid, 0), { name: 'PermissionError', code: 'EACCES', pid: other.pid });
    other.kill();
    await once(other, 'exit');
  },

  sessions() {
    const session = getsid(0);
    assert.equal(getsid(getpid()), session);
    // This program leads a process group.
    assert.throws(() => setsid(), { code: 'EPERM' });
    const pid = child(() => {
      assert.equal(getsid(0), session);
      assert.equal(setsid(), getpid());
      assert.deepEqual([getsid(0), getpgrp()], [getpid(), getpid()]);
      ended(
        child(() => {
          assert.deepEqual([getsid(0), getpgrp()], [process.ppid, process.ppid]);
          setpgrp();
          assert.deepEqual([getsid(0), getpgrp()], [process.ppid, getpid()]);
        }),
      );
    });
    ended(pid);
    assert.throws(() => getsid(pid), { name: 'ProcessLookupError', code: 'ESRCH', pid });
    assert.throws(() => getpgid(pid), { name: 'ProcessLookupError', code: 'ESRCH', pid });
  },

  terminal() {
    const command = `'${process.execPath}' '${import.meta.filename}' on-a-terminal`;
    const output = execFileSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', input: '' });
    assert.equal(output.trim(), 'held');
  },

  // On a terminal of its own.
  'on-a-terminal'() {
    const own = getpgrp();
    assert.equal(tcgetpgrp(0), own);
    assert.match(ps({ session: getsid(0) }).find(({ pid }) => pid === getpid()).tty, /^pts\/\d+$/);
    const pid = standing(() => setpgrp());
    tcsetpgrp(0, pid);
    assert.equal(tcgetpgrp(0), pid);
    // A job is stopped if it does so from the background. Who blocks the signal is not, nor is who has no parent to wait for it.
    assert.throws(() => tcsetpgrp(0, own), { code: 'ENOTTY', fd: 0 });
    const stopped = child(() => {
      setpgrp();
      tcsetpgrp(0, own);
    });
    const { status } = waitpid(stopped, WUNTRACED);
    assert.deepEqual(decodeWaitStatus(status), { state: 'stopped', signal: 'SIGTTOU' });
    sigprocmask(SIG_BLOCK, ['SIGTTOU']);
    tcsetpgrp(0, stopped);
    assert.equal(tcgetpgrp(0), stopped);
    // In the foreground it may.
    kill(stopped, 'SIGCONT');
    ended(stopped);
    assert.equal(tcgetpgrp(0), own);
    sigprocmask(SIG_UNBLOCK, ['SIGTTOU']);
    // Not a group of this session; none at all; no number of one.
    const other = standing(() => setsid());
    assert.throws(() => tcsetpgrp(0, other), { name: 'PermissionError', code: 'EPERM', fd: 0 });
    assert.throws(() => tcsetpgrp(0, 2 ** 22 + 1), { name: 'ProcessLookupError', code: 'ESRCH' });
    assert.throws(() => tcsetpgrp(0, -1), { code: 'EINVAL' });
    end(other);
    end(pid);
    // Whoever leaves the session has no terminal any more.
    ended(
      child(() => {
        setsid();
        assert.throws(() => tcgetpgrp(0), { code: 'ENOTTY', fd: 0 });
        assert.equal(ps({ session: getpid() })[0].tty, undefined);
      }),
    );
  },
});
