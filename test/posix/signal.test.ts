import { constants } from 'node:os';
import { allSignals, signalName, signalNumber, SIGRTMAX, SIGRTMIN, type Signal } from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';

describe('signals', () => {
  test('have the numbers of <signal.h>', () => {
    for (const [name, number] of Object.entries(constants.signals)) expect(signalNumber(name as Signal)).toBe(number);
    expect([SIGRTMIN, SIGRTMAX]).toEqual([34, 64]);
  });

  test('are 64, each of which its name or number leads back to', () => {
    expect(allSignals).toHaveLength(64);
    allSignals.forEach((signal, index) => {
      expect(signalNumber(signal)).toBe(index + 1);
      expect(signalName(index + 1)).toBe(signal);
    });
  });

  test('that have two names are called by the common one', () => {
    expect([signalName(6), signalName(29)]).toEqual(['SIGABRT', 'SIGIO']);
  });

  test('have numbers only where they have no name', () => {
    expect(allSignals.filter((signal) => typeof signal === 'number')).toEqual(
      Array.from({ length: 33 }, (_, index) => 32 + index),
    );
  });

  test.each(['SIGNOTHING', 'sigterm', 'TERM', '', 'toString', '__proto__'])('do not include %p', (name) => {
    const error = thrownBy(() => signalNumber(name as Signal));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'ERR_UNKNOWN_SIGNAL' });
  });
});

describe('sigprocmask', () => {
  holdsOnEveryNode('posix-signal.mjs', {
    'old-set': 'adds, takes out and sets, and returns the set that was there before',
    inherited: 'a child begins with its parent’s mask',
  });
  holds('posix-signal.mjs', {
    query: 'a null set asks only, and an empty one adds and takes out nothing',
    'all-at-once': 'all signals but SIGKILL, SIGSTOP and glibc’s own two can be blocked',
    'one-by-one': 'each of the 64 signals comes back as it was given',
    'unknown-how': 'an unknown how is EINVAL, and changes nothing',
  });
});

describe('siginterrupt', () => {
  holds('posix-signal.mjs', { 'not-interruptible': 'for a signal that cannot have a handler is EINVAL' });

  holdsOnEveryNode('posix-interrupt.mjs', {
    'waitpid-interrupted': 'true: setitimer’s SIGALRM makes a blocking waitpid throw InterruptedError',
    'read-interrupted': 'true: a blocking read of an empty pipe throws InterruptedError',
    'open-interrupted': 'true: a blocking open of a FIFO throws InterruptedError',
    'fcntl-interrupted': 'true: a blocking F_OFD_SETLKW throws InterruptedError',
    'waitpid-restarted': 'not called: a blocking waitpid goes on after a signal',
    'read-restarted': 'not called: a blocking read goes on after a signal',
    'open-restarted': 'not called: a blocking open of a FIFO goes on after a signal',
    'fcntl-restarted': 'not called: a blocking F_OFD_SETLKW goes on after a signal',
    'switched-off': 'false takes back what true did',
  });
});
