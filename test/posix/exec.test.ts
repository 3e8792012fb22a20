import { holds, holdsOnEveryNode } from './cases';

describe('exec', () => {
  holdsOnEveryNode('posix-exec.mjs', {
    'same-process': 'the program has the pid and the parent of this process',
    'whole-family': 'each of the family hands over arguments and environment, with a child of fork as well',
    signals: 'signals have their default actions, and the mask and timers are inherited',
    descriptors: 'descriptors 0 to 2 are inherited and block, and others are closed if they are close-on-exec',
    'output-first': 'what was written to stdout comes first, and once',
    'with-threads': 'threads end',
    terminal: 'a terminal leaves the raw mode, and is in it again after an exec that fails',
  });
  holds('posix-exec.mjs', {
    'argv-and-env': 'the program has the arguments and the environment as they were given',
    'no-exit-event': 'exit listeners do not run',
    'in-a-worker': 'in a worker thread it is refused',
    mistakes: 'what is no argument of it is a TypeError or a RangeError, and nothing is executed',
  });
});

describe('an exec that fails', () => {
  holdsOnEveryNode('posix-exec-fails.mjs', {
    errors: 'throws the error of execve(2), and the process goes on as it was',
  });
  holds('posix-exec-fails.mjs', {
    search: 'in the directories of PATH: the next is tried; what has no format is a script',
  });
});
