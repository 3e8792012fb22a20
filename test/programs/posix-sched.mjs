// Nice values, processors and policies: node posix-sched.mjs <case>. In children, which take theirs with them.
import assert from 'node:assert/strict';
import { getPriority } from 'node:os';
import {
  getpgrp,
  getpid,
  getpriority,
  gettid,
  kill,
  nice,
  PRIO_PGRP,
  PRIO_PROCESS,
  PRIO_USER,
  sched_get_priority_max,
  sched_get_priority_min,
  sched_getaffinity,
  sched_getparam,
  sched_getscheduler,
  sched_setaffinity,
  sched_setparam,
  sched_setscheduler,
  sched_yield,
  SCHED_BATCH,
  SCHED_FIFO,
  SCHED_IDLE,
  SCHED_OTHER,
  SCHED_RESET_ON_FORK,
  SCHED_RR,
  setpgrp,
  setpriority,
  setuid,
  waitpid,
} from 'truefork';
import { child, gate, runCase } from './posix-cases.mjs';

const isRoot = process.getuid() === 0;
const ended = (pid) => assert.equal(waitpid(pid, 0).status, 0);

await runCase({
  nice() {
    const start = nice(0);
    assert.equal(getpriority(PRIO_PROCESS, 0), start);
    ended(
      child(() => {
        setpgrp();
        assert.equal(nice(1), start + 1);
        assert.equal(getpriority(PRIO_PROCESS, 0), start + 1);
        assert.equal(getPriority(), start + 1);
        setpriority(PRIO_PROCESS, getpid(), start + 2);
        assert.equal(getpriority(PRIO_PROCESS, getpid()), start + 2);
        ended(child(() => assert.equal(getpriority(PRIO_PROCESS, 0), start + 2)));
        setpriority(PRIO_PGRP, 0, start + 3);
        assert.equal(getpriority(PRIO_PGRP, getpgrp()), start + 3);
        if (isRoot) {
          // Beyond the ends, and -1, which is no error.
          for (const [prio, becomes] of [
            [-1, -1],
            [-21, -20],
            [40, 19],
          ]) {
            setpriority(PRIO_PROCESS, 0, prio);
            assert.equal(getpriority(PRIO_PROCESS, 0), becomes);
          }
          assert.equal(nice(-20), -1);
          setuid(65534);
          assert.ok(getpriority(PRIO_USER, 0) <= -1);
        }
        assert.equal(nice(1000), 19);
      }),
    );
    assert.equal(getpriority(PRIO_PROCESS, 0), start);
  },

  affinity() {
    const all = sched_getaffinity(0);
    assert.ok(all.length > 0 && all.every((cpu, index) => index === 0 || cpu > all[index - 1]));
    assert.deepEqual(sched_getaffinity(gettid()), all);
    const one = all.at(-1);
    const never = gate();
    const ready = gate();
    const pid = child(() => {
      sched_setaffinity(0, [one]);
      assert.deepEqual(sched_getaffinity(0), [one]);
      ended(child(() => assert.deepEqual(sched_getaffinity(0), [one])));
      // What there is not does not count, and nothing at all is a mistake.
      sched_setaffinity(0, [one, 65_535]);
      assert.deepEqual(sched_getaffinity(getpid()), [one]);
      for (const none of [[], [65_535]]) {
        assert.throws(() => sched_setaffinity(0, none), { code: 'EINVAL', syscall: 'sched_setaffinity' });
      }
      ready.open();
      never.wait();
    });
    ready.wait();
    assert.deepEqual(sched_getaffinity(pid), [one]);
    sched_setaffinity(pid, all);
    assert.deepEqual(sched_getaffinity(pid), all);
    assert.deepEqual(sched_getaffinity(0), all);
    kill(pid, 'SIGKILL');
    waitpid(pid, 0);
    assert.throws(() => sched_getaffinity(pid), { name: 'ProcessLookupError', code: 'ESRCH', pid });
  },

  policies() {
    const ranges = [
      [SCHED_FIFO, 1, 99],
      [SCHED_RR, 1, 99],
      [SCHED_OTHER, 0, 0],
      [SCHED_BATCH, 0, 0],
      [SCHED_IDLE, 0, 0],
    ];
    for (const [policy, least, most] of ranges) {
      assert.deepEqual([sched_get_priority_min(policy), sched_get_priority_max(policy)], [least, most]);
    }
    sched_yield();
    assert.deepEqual([sched_getscheduler(0), sched_getparam(0)], [SCHED_OTHER, { priority: 0 }]);
    ended(
      child(() => {
        sched_setscheduler(0, SCHED_BATCH, { priority: 0 });
        ended(child(() => assert.equal(sched_getscheduler(0), SCHED_BATCH)));
        assert.throws(() => sched_setscheduler(0, SCHED_BATCH, { priority: 1 }), { code: 'EINVAL' });
        assert.throws(() => sched_setparam(0, { priority: 1 }), { code: 'EINVAL' });
        sched_setparam(0, { priority: 0 });
      }),
    );
    if (!isRoot) return;
    ended(
      child(() => {
        sched_setscheduler(0, SCHED_RR, { priority: 2 });
        sched_setparam(0, { priority: 3 });
        assert.deepEqual([sched_getscheduler(0), sched_getparam(getpid())], [SCHED_RR, { priority: 3 }]);
        ended(child(() => assert.equal(sched_getscheduler(0), SCHED_RR)));
        sched_setscheduler(getpid(), SCHED_FIFO | SCHED_RESET_ON_FORK, { priority: 1 });
        assert.equal(sched_getscheduler(0), SCHED_FIFO | SCHED_RESET_ON_FORK);
        ended(child(() => assert.equal(sched_getscheduler(0), SCHED_OTHER)));
      }),
    );
  },
});
