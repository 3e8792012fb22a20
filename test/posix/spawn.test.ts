import { holds, holdsOnEveryNode } from './cases';

describe('posixSpawn', () => {
  holdsOnEveryNode('posix-spawn.mjs', {
    'argv-and-env': 'starts a program with these arguments and this environment',
    'file-actions': 'does with descriptors what it is told, in that order',
    'standard-descriptors': 'gives the program descriptors 0 to 2 that it can use',
    signals: 'gives the program its mask, and the default actions',
    'in-a-child': 'works in a child of fork',
  });
  holds('posix-spawn.mjs', {
    'own-to-wait-for': 'makes a child that is the program’s own to wait for',
    'groups-and-sessions': 'puts the program in a group or a session of its own, or in a group that there is',
    'scheduler-and-ids': 'sets the scheduler of the program, and makes its effective user the real one',
    failures: 'throws the error of what failed in the child, and leaves no zombie',
    mistakes: 'what is no option of it is a TypeError or a RangeError, and no process is made',
    'in-a-worker': 'works in a worker thread',
  });
});
