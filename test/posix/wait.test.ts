import { signalNumber, waitpid, WNOHANG } from 'truefork/posix';
import * as truefork from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';

/** What the macros of <sys/wait.h> say of a status. */
function macros(status: number) {
  const { WIFEXITED, WIFSIGNALED, WIFSTOPPED, WIFCONTINUED } = truefork;
  return [WIFEXITED, WIFSIGNALED, WIFSTOPPED, WIFCONTINUED].filter((is) => is(status)).map((is) => is.name);
}

describe('a status', () => {
  test('of every exit code is WIFEXITED alone, and has the code', () => {
    for (let code = 0; code < 256; code++) {
      expect(macros(code << 8)).toEqual(['WIFEXITED']);
      expect(truefork.WEXITSTATUS(code << 8)).toBe(code);
      expect(truefork.decodeWaitStatus(code << 8)).toEqual({ state: 'exited', code });
    }
  });

  test('of every fatal signal is WIFSIGNALED alone, and has the signal and the core bit', () => {
    for (let signal = 1; signal <= 64; signal++) {
      for (const core of [0, 0x80]) {
        expect(macros(signal | core)).toEqual(['WIFSIGNALED']);
        expect(truefork.WTERMSIG(signal | core)).toBe(signal);
        expect(truefork.WCOREDUMP(signal | core)).toBe(core !== 0);
        expect(truefork.decodeWaitStatus(signal | core)).toEqual({
          state: 'signaled',
          signal: truefork.signalName(signal),
          coreDumped: core !== 0,
        });
      }
    }
  });

  test('of every stop signal is WIFSTOPPED alone, and has the signal', () => {
    for (const signal of ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGTRAP'] as const) {
      const status = (signalNumber(signal) << 8) | 0x7f;
      expect(macros(status)).toEqual(['WIFSTOPPED']);
      expect(truefork.WSTOPSIG(status)).toBe(signalNumber(signal));
      expect(truefork.decodeWaitStatus(status)).toEqual({ state: 'stopped', signal });
    }
  });

  test('of a continued child is WIFCONTINUED alone', () => {
    expect(macros(0xffff)).toEqual(['WIFCONTINUED']);
    expect(truefork.decodeWaitStatus(0xffff)).toEqual({ state: 'continued' });
  });

  test('has the exit code of a shell, negative for a signal', () => {
    expect(truefork.waitstatus_to_exitcode(23 << 8)).toBe(23);
    expect(truefork.waitstatus_to_exitcode(0)).toBe(0);
    expect(truefork.waitstatus_to_exitcode(9)).toBe(-9);
    expect(truefork.waitstatus_to_exitcode(11 | 0x80)).toBe(-11);
    // Of one that has not ended there is none: stopped, resumed, and what nix calls invalid.
    for (const status of [0x137f, 0xffff, 0x7f7f]) {
      expect(thrownBy(() => truefork.waitstatus_to_exitcode(status))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    }
  });

  test('that is no status of the kernel is still a number: 0x0002 a SIGINT, 0x0200 an exit with 2', () => {
    expect(truefork.decodeWaitStatus(0x0002)).toEqual({ state: 'signaled', signal: 'SIGINT', coreDumped: false });
    expect(truefork.decodeWaitStatus(0x0200)).toEqual({ state: 'exited', code: 2 });
  });
});

describe('waitpid', () => {
  test('for a process that is not a child is a ChildProcessError', () => {
    const error = thrownBy(() => waitpid(1, WNOHANG));
    expect(error).toBeInstanceOf(truefork.ChildProcessError);
    expect(error).toMatchObject({ code: 'ECHILD', syscall: 'waitpid', pid: 1 });
  });

  test('with options that do not exist is EINVAL', () => {
    expect(thrownBy(() => waitpid(1, 0x10))).toMatchObject({ code: 'EINVAL', syscall: 'waitpid' });
  });

  test('by waitid it is one, too, and what it cannot wait for is EINVAL or EBADF', () => {
    const { waitid, P_ALL, P_PID, P_PIDFD, WEXITED } = truefork;
    expect(thrownBy(() => waitid(P_PID, 1, WEXITED))).toMatchObject({ code: 'ECHILD', syscall: 'waitid' });
    expect(thrownBy(() => waitid(P_ALL, 0, WNOHANG))).toMatchObject({ code: 'EINVAL', syscall: 'waitid' });
    expect(thrownBy(() => waitid(99, 0, WEXITED))).toMatchObject({ code: 'EINVAL' });
    expect(thrownBy(() => waitid(P_PIDFD, 2 ** 31 - 1, WEXITED))).toMatchObject({ code: 'EBADF' });
  });

  test('for the pid that has no positive counterpart is ESRCH', () => {
    expect(thrownBy(() => waitpid(-(2 ** 31), WNOHANG))).toBeInstanceOf(truefork.ProcessLookupError);
  });

  holdsOnEveryNode('posix-wait.mjs', {
    'exit-codes': 'a child’s exit code comes back as it was given',
    'fatal-signals': 'every signal that ends a child is in its status',
    'stop-and-continue': 'WUNTRACED and WCONTINUED tell each stop and each continuation once',
    'stop-unasked': 'a stopped child is not reported unless WUNTRACED asks',
    'not-yet': 'WNOHANG gives pid 0 and status 0 while there is nothing to report',
    reaped: 'a child that has been waited for is ECHILD',
    foreign: 'init, the parent, the process itself and grandchildren are no children',
    zombie: 'a child that has ended keeps its pid until it is waited for',
    everyone: '-1, 0 and the process group give every child exactly once',
    information: 'waitid tells of each end what waitpid tells, and who it was',
    changes: 'waitid tells of a stop and a continuation, if it is asked',
    whom: 'waitid waits for a pid, a process group, a descriptor or all',
    peek: 'with WNOWAIT a child that has ended stays, and one that lives is nothing',
    threads: 'with __WNOTHREAD the children of other threads are none',
  });
});

describe('wait, wait3 and wait4', () => {
  holdsOnEveryNode('posix-wait-usage.mjs', {
    usage: 'tell what a child has used, and nothing but zeros while there is nothing to report',
  });
  holds('posix-wait-usage.mjs', {
    blocking: 'wait for a child to end, however it does',
    nobody: 'without a child that is meant are ECHILD, and with other options EINVAL',
  });
});

describe('a signal', () => {
  holdsOnEveryNode('posix-wait-interrupt.mjs', {
    interrupted: 'interrupts every call that waits for a child with EINTR, and no child is lost',
    restarted: 'with SA_RESTART interrupts none',
  });
});
