// The process that observes for `record()`: node observer-main.js /proc/PID/fd/FD PID. It ends when it is asked to, or with the
// process that is recorded.
import process from 'node:process';
import { processStat, setsid } from '../posix/index.js';
import { isZombie, Observer } from './observer.js';
import { observer as at, Tape } from './tape.js';

const [path = '', root = ''] = process.argv.slice(2);
const recorded = Number(root);

// Out of the reach of the terminal's Ctrl-C, and of the directory.
setsid();
process.chdir('/');

const tape = Tape.open(path);
const observer = new Observer(tape);

function isGone(): boolean {
  const stat = processStat(recorded);
  return stat === undefined || isZombie(stat);
}

observer.meet(recorded);
observer.start(() => {
  if (tape.observer !== at.asked && !isGone()) return;
  tape.stop();
  observer[Symbol.dispose]();
  tape.observer = at.done;
});
tape.observer = at.ready;
