// What is used and what is allowed: node posix-resource.mjs <case>.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  getpid,
  getrlimit,
  getrusage,
  fork,
  kill,
  O_CREAT,
  O_WRONLY,
  open,
  ownChildren,
  PR_SET_DUMPABLE,
  prctl,
  prlimit,
  RLIM_INFINITY,
  RLIMIT_CPU,
  RLIMIT_FSIZE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RUSAGE_CHILDREN,
  RUSAGE_SELF,
  RUSAGE_THREAD,
  setresgid,
  setresuid,
  setrlimit,
  signalName,
  times,
  wait4,
  waitpid,
  write,
  WTERMSIG,
} from 'truefork';
import { child, gate, runCase, temporaryFolder } from './posix-cases.mjs';

const isRoot = process.getuid() === 0;
const ended = (pid) => assert.equal(waitpid(pid, 0).status, 0);
const spent = ({ utime, stime }) => utime + stime;

function compute(seconds) {
  const until = spent(getrusage(RUSAGE_THREAD)) + seconds;
  while (spent(getrusage(RUSAGE_THREAD)) < until);
}

await runCase({
  used() {
    const before = getrusage(RUSAGE_SELF);
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const after = getrusage(RUSAGE_SELF);
    const micros = (seconds) => Math.round(seconds * 1e6);
    assert.ok(micros(before.utime) <= userCPUTime && userCPUTime <= micros(after.utime));
    assert.ok(micros(before.stime) <= systemCPUTime && systemCPUTime <= micros(after.stime));
    assert.ok(before.maxrss <= maxRSS && maxRSS <= after.maxrss);
    assert.ok(after.minflt > 0 && after.nvcsw + after.nivcsw > 0);
    for (const name of ['ixrss', 'idrss', 'isrss', 'nswap', 'msgsnd', 'msgrcv', 'nsignals']) {
      assert.equal(after[name], 0, name);
    }
    compute(0.05);
    assert.ok(spent(getrusage(RUSAGE_SELF)) - spent(after) >= 0.045);
    assert.ok(spent(getrusage(RUSAGE_SELF)) >= spent(getrusage(RUSAGE_THREAD)));
  },

  children() {
    assert.deepEqual([spent(getrusage(RUSAGE_CHILDREN)), getrusage(RUSAGE_CHILDREN).maxrss], [0, 0]);
    assert.deepEqual([times().cutime, times().cstime], [0, 0]);
    compute(0.1);
    const parents = spent(times());
    const pid = child(() => {
      // A child begins with none, of its own or of others.
      const { utime, stime, cutime, cstime } = times();
      assert.ok(utime + stime < parents, `${utime} ${stime}`);
      assert.deepEqual([cutime, cstime], [0, 0]);
      assert.equal(spent(getrusage(RUSAGE_CHILDREN)), 0);
      compute(0.1);
    });
    const { rusage, status } = wait4(pid, 0);
    assert.equal(status, 0);
    assert.ok(spent(rusage) >= 0.09);
    // What is waited for is the parent's from then on. The kernel first counts it to the parent and then tells it,
    // while the child may still be on its way off the processor (kernel/exit.c, wait_task_zombie): more of its time and
    // of its switches may be told than counted.
    const counted = getrusage(RUSAGE_CHILDREN);
    const grow = ['utime', 'stime', 'nvcsw', 'nivcsw'];
    assert.deepEqual(Object.keys(counted), Object.keys(rusage));
    for (const [name, value] of Object.entries(rusage)) {
      if (grow.includes(name)) assert.ok(counted[name] <= value, `${name}: ${value} ${counted[name]}`);
      else assert.equal(counted[name], value, name);
    }
    assert.ok(spent(counted) >= 0.09);
    // The same, two numbers of whole ticks of the clock.
    const inTicks = (ticks, least, most) => assert.ok(ticks > least - 0.03 && ticks < most + 0.001, `${ticks}`);
    const { cutime, cstime } = times();
    inTicks(cutime + cstime, spent(counted), spent(counted));
    const before = spent(getrusage(RUSAGE_SELF));
    inTicks(spent(times()), before, spent(getrusage(RUSAGE_SELF)));
  },

  clock() {
    // It goes on, and no faster than time. (The kernel counts ticks, of which one may be counted late.)
    const began = performance.now();
    const from = times().elapsed;
    while (times().elapsed - from < 0.2);
    assert.ok(performance.now() - began > 100);
  },

  limits() {
    const limit = getrlimit(RLIMIT_NOFILE);
    assert.ok(limit.cur <= limit.max);
    assert.deepEqual(prlimit(0, RLIMIT_NOFILE, null), limit);
    assert.deepEqual(prlimit(getpid(), RLIMIT_NOFILE, null), limit);
    ended(
      child(() => {
        assert.deepEqual(getrlimit(RLIMIT_NOFILE), limit);
        const lower = { cur: 200, max: 300 };
        setrlimit(RLIMIT_NOFILE, lower);
        assert.deepEqual(getrlimit(RLIMIT_NOFILE), lower);
        assert.deepEqual(prlimit(0, RLIMIT_NOFILE, { cur: 300, max: 300 }), lower);
        ended(child(() => assert.deepEqual(getrlimit(RLIMIT_NOFILE), { cur: 300, max: 300 })));
        assert.throws(() => setrlimit(RLIMIT_NOFILE, { cur: 301, max: 300 }), { code: 'EINVAL', syscall: 'setrlimit' });
        setrlimit(RLIMIT_NOFILE, { cur: 50, max: 300 });
        assert.throws(
          () => {
            for (;;) open('/', 0);
          },
          { code: 'EMFILE' },
        );
        const { max } = getrlimit(RLIMIT_CPU);
        for (const cur of [100_000, 2 ** 52 + 1, RLIM_INFINITY].map((seconds) => Math.min(seconds, max))) {
          setrlimit(RLIMIT_CPU, { cur, max });
          assert.deepEqual(getrlimit(RLIMIT_CPU), { cur, max });
        }
      }),
    );
    assert.deepEqual(getrlimit(RLIMIT_NOFILE), limit);
  },

  others() {
    const never = gate();
    const pid = child(() => never.wait());
    const limit = getrlimit(RLIMIT_NOFILE);
    assert.deepEqual(prlimit(pid, RLIMIT_NOFILE, { cur: 64, max: limit.max }), limit);
    assert.deepEqual(prlimit(pid, RLIMIT_NOFILE, null), { cur: 64, max: limit.max });
    assert.deepEqual(getrlimit(RLIMIT_NOFILE), limit);
    kill(pid, 'SIGKILL');
    waitpid(pid, 0);
    for (const none of [pid, -1]) {
      assert.throws(() => prlimit(none, RLIMIT_NOFILE, null), { name: 'ProcessLookupError', code: 'ESRCH', pid: none });
    }
  },

  'file-size'() {
    const path = join(temporaryFolder(), 'file');
    ended(
      child(() => {
        setrlimit(RLIMIT_FSIZE, { cur: 1024, max: getrlimit(RLIMIT_FSIZE).max });
        const fd = open(path, O_CREAT | O_WRONLY, 0o600);
        // Up to the limit, and no further. Node.js ignores SIGXFSZ.
        assert.equal(write(fd, new Uint8Array(1000)), 1000);
        assert.equal(write(fd, new Uint8Array(1000)), 24);
        assert.throws(() => write(fd, new Uint8Array(1)), { code: 'EFBIG', fd });
        setrlimit(RLIMIT_FSIZE, { cur: 2 ** 53 - 1, max: getrlimit(RLIMIT_FSIZE).max });
        assert.equal(write(fd, new Uint8Array(1)), 1);
      }),
    );
  },

  'processor-time'() {
    const pid = child(() => {
      setrlimit(RLIMIT_CPU, { cur: 1, max: 2 });
      for (;;);
    });
    assert.equal(signalName(WTERMSIG(waitpid(pid, 0).status)), 'SIGXCPU');
  },

  processes() {
    if (!isRoot) return;
    // Whom nobody else is: the limit is on all that a user has.
    const user = 4_000_000 + getpid();
    ended(
      child(() => {
        setresgid(user, user, user);
        setresuid(user, user, user);
        prctl(PR_SET_DUMPABLE, 1);
        setrlimit(RLIMIT_NPROC, { cur: 1, max: 1 });
        assert.throws(() => fork(), { name: 'BlockingIOError', code: 'EAGAIN', syscall: 'fork' });
        assert.deepEqual(ownChildren(), []);
        assert.throws(() => waitpid(-1, 0), { code: 'ECHILD' });
      }),
    );
  },
});
