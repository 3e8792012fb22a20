// Children waited for from the event loop: node posix-wait-async.mjs <case>.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import {
  ChildProcessError,
  ChildWatcher,
  fork,
  forkChild,
  kill,
  ownChildren,
  processStat,
  Reaper,
  waitpid,
  waitpidAsync,
  WNOHANG,
} from 'truefork';
import { child, gate, runCase } from './posix-cases.mjs';

/** How many descriptors of processes are open. */
const pidfds = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('pidfd');
    } catch {
      return false; // That of the folder itself.
    }
  }).length;

/** A child that ends when it is told to, with this code. */
function held(code) {
  const end = gate();
  const pid = child(() => {
    end.wait();
    return code;
  });
  return { pid, end: () => end.open() };
}

await runCase({
  async ends() {
    const { pid, end } = held(7);
    let settled = false;
    const waited = [1, 2, 3].map(() => waitpidAsync(pid));
    waited[0].then(() => (settled = true));
    // Meanwhile the event loop goes on.
    for (let n = 0; n < 5; n++) await turn();
    assert.equal(settled, false);
    // A second wait for one child gets the same, and so does whoever has made it.
    const reaper = new Reaper();
    const exited = reaper.watch(pid);
    end();
    for (const result of await Promise.all(waited)) assert.deepEqual(result, { pid, status: 7 << 8 });
    assert.deepEqual(await exited, { state: 'exited', code: 7 });
    // It has been waited for.
    await assert.rejects(waitpidAsync(pid), { name: 'ChildProcessError', code: 'ECHILD', syscall: 'waitpid', pid });
    assert.throws(() => waitpid(pid, WNOHANG), ChildProcessError);
    assert.deepEqual(ownChildren(), []);

    // One that has ended before.
    const zombie = child(() => 9);
    while (processStat(zombie).state !== 'Z');
    assert.deepEqual(await waitpidAsync(zombie), { pid: zombie, status: 9 << 8 });
    // One that a signal ends.
    const killed = held(0);
    const status = waitpidAsync(killed.pid);
    kill(killed.pid, 'SIGKILL');
    assert.deepEqual(await status, { pid: killed.pid, status: 9 });
    // One of forkChild.
    const forked = await forkChild(() => 4);
    assert.deepEqual(await waitpidAsync(forked.pid), { pid: forked.pid, status: 4 << 8 });
    assert.deepEqual(await forked.exited, { state: 'exited', code: 4 });
  },

  async strangers() {
    // Those of child_process are Node's, beside ours and if one asks for them.
    const spawned = spawn('/bin/sh', ['-c', 'exit 3']);
    const exited = once(spawned, 'exit');
    await assert.rejects(waitpidAsync(spawned.pid), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
    const pid = child(() => 0);
    assert.equal((await waitpidAsync(pid)).pid, pid);
    assert.deepEqual((await exited).slice(0, 1), [3]);
    // What is no child.
    for (const other of [1, process.ppid, process.pid]) {
      await assert.rejects(waitpidAsync(other), { name: 'ChildProcessError', code: 'ECHILD', pid: other });
    }
    async function theCaller() {
      await waitpidAsync(1);
    }
    await assert.rejects(theCaller(), (error) => /^.*\n {4}at async theCaller /.test(error.stack));
    // A child that somebody else takes.
    const stolen = held(0);
    const waited = waitpidAsync(stolen.pid);
    stolen.end();
    waitpid(-1, 0);
    await assert.rejects(waited, { name: 'ChildProcessError', code: 'ECHILD', pid: stolen.pid });
    for (const none of [0, -1, 1.5, NaN, 2 ** 31]) {
      await assert.rejects(waitpidAsync(none), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    }
    for (const [pid, options] of [['1'], [], [1, null], [1, { signal: {} }]]) {
      await assert.rejects(waitpidAsync(pid, options), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
  },

  async aborted() {
    process.on('warning', (warning) => assert.fail(warning));
    const { pid, end } = held(6);
    const reason = new Error('enough');
    await assert.rejects(waitpidAsync(pid, { signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    const { signal } = controller;
    const other = waitpidAsync(pid);
    const many = Array.from({ length: 20 }, () => waitpidAsync(pid, { signal }));
    await turn();
    controller.abort(reason);
    for (const result of await Promise.allSettled(many)) assert.equal(result.reason, reason);
    // The child is there still, and who has not been aborted waits on.
    assert.deepEqual(waitpid(pid, WNOHANG), { pid: 0, status: 0 });
    end();
    assert.deepEqual(await other, { pid, status: 6 << 8 });
    // An abort after the end, and an end after the abort, are nothing.
    const late = new AbortController();
    const ended = child(() => 1);
    assert.equal((await waitpidAsync(ended, { signal: late.signal })).status, 1 << 8);
    late.abort();
    const left = held(2);
    const early = new AbortController();
    const given = waitpidAsync(left.pid, { signal: early.signal });
    early.abort();
    await assert.rejects(given, { name: 'AbortError' });
    left.end();
    assert.deepEqual(waitpid(left.pid, 0), { pid: left.pid, status: 2 << 8 });
    assert.equal(pidfds(), 0);
  },

  async forked() {
    const { pid, end } = held(5);
    const waited = waitpidAsync(pid);
    assert.equal(pidfds(), 1);
    const younger = fork();
    if (younger === 0) {
      // It is the parent's child: not ours to wait for, nor a reason to stay.
      assert.equal(pidfds(), 0);
      assert.ok(!ChildWatcher.watches(pid));
      waited.then(() => process.exit(1));
      const own = child(() => 8);
      assert.equal((await waitpidAsync(own)).status, 8 << 8);
      process.exit(0);
    }
    assert.deepEqual(await waitpidAsync(younger), { pid: younger, status: 0 });
    end();
    assert.equal((await waited).status, 5 << 8);
  },

  async watcher() {
    for (const by of ['pidfd', 'sigchld']) {
      const { pid, end } = held(3);
      const told = [];
      const done = gate();
      const closed = new ChildWatcher(pid, () => told.push('closed'), { by });
      const first = new ChildWatcher(
        pid,
        (status) => {
          told.push(status);
          last.close();
          throw new Error('of a listener');
        },
        { by },
      );
      const second = new ChildWatcher(pid, (status) => told.push(status), { by });
      const last = new ChildWatcher(pid, () => told.push('last'), { by });
      assert.equal(first.pidfd !== undefined, by === 'pidfd');
      assert.equal(second.pidfd, first.pidfd);
      closed.close();
      closed.close();
      assert.equal(closed.pidfd, undefined);
      assert.ok(ChildWatcher.watches(pid));
      end();
      const [error] = await once(process, 'uncaughtException');
      assert.equal(error.message, 'of a listener');
      assert.deepEqual(told, [3 << 8, 3 << 8]);
      assert.equal(first.pidfd, undefined);
      assert.ok(!ChildWatcher.watches(pid));
      second[Symbol.dispose]();
      done.open();
      assert.equal(process.listenerCount('SIGCHLD'), 0);
    }
  },
});
