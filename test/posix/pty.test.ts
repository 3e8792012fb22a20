import { asProcess1 } from '../support/namespaces';
import { passes } from '../support/programs';
import { holds, holdsOnEveryNode } from './cases';

describe('forkpty', () => {
  holdsOnEveryNode('posix-pty.mjs', {
    forkpty: 'makes a child that leads a session with the terminal as its controlling one',
    'forkpty-whole': 'makes a child that is a whole Node.js at its terminal',
    'forkpty-after-output': 'makes a child that prints to its terminal although its parent has printed elsewhere',
    'forkpty-in-a-terminal': 'makes a child that prints to its own terminal, not to the one that its parent has',
  });
  holds('posix-pty.mjs', {
    'forkpty-modes': 'gives the terminal modes and a size',
    'forkpty-signals': 'makes a child that is ended from the keyboard, or by a signal',
    'forkpty-hang-up': 'makes a child that hears it when the terminal is gone',
    'forkpty-refused': 'leaves nothing behind when there is no fork',
    'login-tty': 'is openpty, fork and login_tty',
    'controlling-terminal': 'is more than TIOCSCTTY, which makes a terminal the controlling one, until TIOCNOTTY',
  });
});

describe('ptySpawn', () => {
  holdsOnEveryNode('posix-pty.mjs', {
    spawn: 'runs a program in a terminal of its own, and leaves nothing behind',
    'spawn-keyboard': 'gives a keyboard: lines, the end of the input, Ctrl-C',
    'spawn-and-fork': 'is not a forked child’s',
  });
  holds('posix-pty.mjs', {
    'spawn-signals': 'gives the program default signals, none of them blocked, and the foreground',
    'spawn-resize': 'tells the program of another size',
    'spawn-hang-up': 'hangs up when it is closed',
    'spawn-much': 'takes and gives as much as there is',
    'spawn-fails': 'throws what failed, and leaves nothing behind',
    'spawn-waited-for': 'says so when somebody else has waited for the program',
    'spawn-without-terminal': 'lets a program go on that has closed its terminal',
    'spawn-many': 'runs many at once',
    'spawn-background': 'tells the end of the program itself',
  });

  test('signals nobody who has got the pid of a program that somebody else has waited for', async () => {
    await passes('posix-pty-same-pid.mjs', asProcess1());
  });
});
