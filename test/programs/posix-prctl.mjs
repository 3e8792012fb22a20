// What prctl asks and sets: node posix-prctl.mjs <case>.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
  getpid,
  gettid,
  pipe2,
  PR_GET_CHILD_SUBREAPER,
  PR_GET_DUMPABLE,
  PR_GET_KEEPCAPS,
  PR_GET_NO_NEW_PRIVS,
  PR_GET_PDEATHSIG,
  PR_GET_TIMERSLACK,
  PR_SET_CHILD_SUBREAPER,
  PR_SET_DUMPABLE,
  PR_SET_KEEPCAPS,
  PR_SET_NO_NEW_PRIVS,
  PR_SET_PDEATHSIG,
  PR_SET_TIMERSLACK,
  prctl,
  processStat,
  read,
  setThreadName,
  signalNumber,
  threadName,
  waitpid,
  write,
} from 'truefork';
import { child, gate, library, runCase } from './posix-cases.mjs';

await runCase({
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

  'death-signal'() {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const [readEnd, writeEnd] = pipe2(0);
    const ready = gate();
    const middle = child(() => {
      const pid = child(() => {
        assert.equal(prctl(PR_GET_PDEATHSIG, 0), 0);
        prctl(PR_SET_PDEATHSIG, signalNumber('SIGTERM'));
        assert.equal(prctl(PR_GET_PDEATHSIG, 0), 15);
        // A fork does not have it.
        assert.equal(
          waitpid(
            child(() => prctl(PR_GET_PDEATHSIG, 0)),
            0,
          ).status,
          0,
        );
        ready.open();
        gate().wait();
      });
      ready.wait();
      write(writeEnd, Int32Array.of(pid));
    });
    assert.equal(waitpid(middle, 0).status, 0);
    const told = new Int32Array(1);
    read(readEnd, told);
    assert.deepEqual(waitpid(told[0], 0), { pid: told[0], status: 15 });
  },

  async names() {
    assert.equal(threadName(), 'node');
    setThreadName('a name of more than fifteen bytes');
    assert.equal(threadName(), 'a name of more ');
    assert.equal(readFileSync('/proc/self/comm', 'utf8'), 'a name of more \n');
    setThreadName('');
    assert.deepEqual([threadName(), processStat(getpid()).command], ['', '']);
    setThreadName('parent');
    const pid = child(() => {
      assert.equal(threadName(), 'parent');
      setThreadName('child');
    });
    assert.equal(waitpid(pid, 0).status, 0);
    assert.equal(threadName(), 'parent');
    // A worker thread has a name of its own, and an id.
    const script = `
      const { gettid, setThreadName, threadName } = require(${JSON.stringify(library)});
      setThreadName('worker');
      require('node:worker_threads').parentPort.postMessage([threadName(), gettid()]);`;
    const [[name, tid]] = await once(new Worker(script, { eval: true }), 'message');
    assert.equal(name, 'worker');
    assert.notEqual(tid, gettid());
    assert.deepEqual([threadName(), gettid()], ['parent', getpid()]);
  },

  privileges() {
    const pid = child(() => {
      for (const [get, set] of [
        [PR_GET_NO_NEW_PRIVS, PR_SET_NO_NEW_PRIVS],
        [PR_GET_KEEPCAPS, PR_SET_KEEPCAPS],
      ]) {
        assert.equal(prctl(get, 0), 0);
        assert.equal(prctl(set, 1), 0);
        assert.equal(prctl(get, 0), 1);
      }
      assert.throws(() => prctl(PR_SET_NO_NEW_PRIVS, 0), { code: 'EINVAL' });
      prctl(PR_SET_TIMERSLACK, 70_000);
      assert.equal(prctl(PR_GET_TIMERSLACK, 0), 70_000);
    });
    assert.equal(waitpid(pid, 0).status, 0);
    assert.equal(prctl(PR_GET_NO_NEW_PRIVS, 0), 0);
  },
});
