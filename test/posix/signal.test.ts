import { constants } from 'node:os';
import {
  allSignals,
  NSIG,
  signalName,
  signalNumber,
  SIGRTMAX,
  SIGRTMIN,
  strsignal,
  validSignals,
  type Signal,
} from 'truefork/posix';
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

  test('of real time are counted from the first or the last', () => {
    const names: Signal[] = [
      'SIGRTMIN',
      'SIGRTMIN+0',
      'SIGRTMIN+3',
      'SIGRTMIN+30',
      'SIGRTMAX',
      'SIGRTMAX-3',
      'SIGRTMAX-30',
    ];
    expect(names.map(signalNumber)).toEqual([34, 34, 37, 64, 64, 61, 34]);
  });

  test('that a program can have to do with are all but two', () => {
    expect(NSIG).toBe(65);
    expect(validSignals().map(signalNumber)).toEqual(
      [...Array(64).keys()].map((n) => n + 1).filter((n) => n >> 1 !== 16),
    );
    expect(validSignals().slice(0, 2)).toEqual(['SIGHUP', 'SIGINT']);
  });

  test('have a text', () => {
    expect(['SIGHUP', 11, 'SIGRTMIN+1'].map((signal) => strsignal(signal as Signal))).toEqual([
      'Hangup',
      'Segmentation fault',
      'Real-time signal 1',
    ]);
  });

  test.each([
    'SIGRTMIN-1',
    'SIGRTMIN+31',
    'SIGRTMAX+1',
    'SIGRTMAX-31',
    'SIGRTMIN+',
    'SIGRTMIN+1.5',
    'SIGRT',
    ' SIGRTMIN',
  ])('do not include %p', (name) => {
    expect(thrownBy(() => signalNumber(name as Signal))).toMatchObject({ code: 'ERR_UNKNOWN_SIGNAL' });
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

describe('a handler without SA_RESTART', () => {
  holdsOnEveryNode('posix-interrupt.mjs', {
    'runs-in-each':
      'runs at once in waitpid, read, open and fcntl, which then throw InterruptedError or what it throws',
    'comes-before-each': 'runs in the call also when the signal comes before the call begins to block',
  });
});

describe('a handler with SA_RESTART', () => {
  holdsOnEveryNode('posix-interrupt.mjs', {
    'restarts-each': 'lets waitpid, read, open and fcntl go on, and runs afterwards',
  });
  holds('posix-interrupt.mjs', {
    'siginterrupt-restarts-each': 'is what siginterrupt(…, false) makes of one without',
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
