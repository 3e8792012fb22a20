// wait, wait3 and wait4: node posix-wait-usage.mjs <case>.
import assert from 'node:assert/strict';
import {
  getrusage,
  kill,
  ownChildren,
  RUSAGE_THREAD,
  wait,
  wait3,
  wait4,
  waitstatus_to_exitcode,
  WNOHANG,
} from 'truefork';
import { child, gate, runCase } from './posix-cases.mjs';

const isZero = (usage) => Object.values(usage).every((value) => value === 0);
const spent = ({ utime, stime }) => utime + stime;

await runCase({
  usage() {
    for (const waitFor of [
      (options) => wait3(options),
      (options, pid) => wait4(pid, options),
      (options) => wait4(-1, options),
    ]) {
      // Nothing of an earlier child shines through.
      const end = gate();
      const pid = child(() => {
        const until = spent(getrusage(RUSAGE_THREAD)) + 0.03;
        while (spent(getrusage(RUSAGE_THREAD)) < until);
        end.wait();
        return 11;
      });
      const nothing = waitFor(WNOHANG, pid);
      assert.deepEqual([nothing.pid, nothing.status], [0, 0]);
      assert.equal(Object.keys(nothing.rusage).length, 16);
      assert.ok(isZero(nothing.rusage));
      assert.deepEqual(ownChildren(), [pid]);
      end.open();
      // By polling, as one does who has other things to do.
      let result;
      do result = waitFor(WNOHANG, pid);
      while (result.pid === 0);
      assert.equal(result.pid, pid);
      assert.equal(waitstatus_to_exitcode(result.status), 11);
      assert.ok(spent(result.rusage) >= 0.025 && result.rusage.maxrss > 1000 && result.rusage.minflt > 0);
      assert.deepEqual(ownChildren(), []);
    }
  },

  blocking() {
    for (const waitFor of [() => wait(), () => wait3(0), (pid) => wait4(pid, 0)]) {
      const pid = child(() => 5);
      const result = waitFor(pid);
      assert.deepEqual([result.pid, result.status], [pid, 5 << 8]);
      assert.deepEqual(ownChildren(), []);
    }
    const never = gate();
    const pid = child(() => never.wait());
    kill(pid, 'SIGKILL');
    assert.equal(waitstatus_to_exitcode(wait().status), -9);
  },

  nobody() {
    const echild = { name: 'ChildProcessError', code: 'ECHILD' };
    assert.throws(() => wait(), { ...echild, syscall: 'wait', message: 'ECHILD: no child processes, wait()' });
    assert.throws(() => wait3(0), { ...echild, syscall: 'wait3', message: 'ECHILD: no child processes, wait3(0)' });
    for (const pid of [1, process.ppid, -1, 0])
      assert.throws(() => wait4(pid, WNOHANG), { ...echild, syscall: 'wait4', pid });
    assert.throws(() => wait4(-(2 ** 31), WNOHANG), { name: 'ProcessLookupError', code: 'ESRCH' });
    assert.throws(() => wait3(0x10), { code: 'EINVAL' });
    assert.throws(() => wait4(-1, 0x10), { code: 'EINVAL' });
  },
});
