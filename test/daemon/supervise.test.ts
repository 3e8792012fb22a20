import { holds, holdsOnEveryNode } from '../posix/cases';

describe('supervise', () => {
  holdsOnEveryNode('supervise-cases.mjs', {
    'killed-often': 'starts a program again that is killed, a hundred times, and leaves no zombie',
    'supervisor-killed': 'ends the program when the supervisor is killed',
    'signals-handed-on': 'hands on signals, and ends with the program',
    'late-in-a-check': 'does not take a program for one that hangs because it was stopped or busy itself',
    'hanging-check': 'starts a program again that does not answer, with a log of it all',
    'a-function': 'runs a function in a session of its own, without the supervisor’s signals',
    'checks-collected': 'keeps nothing of a check that was answered',
    'in-a-fork': 'is not the business of a fork',
  });
  holds('supervise-cases.mjs', {
    'checks-that-fail': 'takes false, an error and a rejection for no answer',
    'never-starts': 'waits longer after each failure, and gives up at last',
    'never-waits': 'does not wait at all if it is told so, after however many failures',
    'healthy-again': 'begins to count anew when the program was healthy',
    'does-not-listen': 'kills a program that does not end, and all of its group',
    'leaves-nobody': 'leaves nobody of a program that has ended',
    'stopped-early': 'stops at any time, and leaves the signals alone if told so',
    'log-throws': 'goes on when its log throws, and still heeds signals',
    probes: 'has checks for ports and for URLs',
    mistakes: 'what is no option of it is a TypeError or a RangeError, and no process is made',
  });
});
