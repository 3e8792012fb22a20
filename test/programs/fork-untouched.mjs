// What COUNT forks leave of the parent: all as it was.
import assert from 'node:assert/strict';
import { _exit, fork, getitimer, ITIMER_REAL, setitimer, SIG_BLOCK, sigprocmask, waitpid } from 'truefork';
import { descriptors, settled, threads } from './support/state.mjs';

function forkAndWait() {
  const pid = fork();
  if (pid === 0) _exit(0);
  waitpid(pid, 0);
}

async function state() {
  await settled();
  return {
    descriptors: descriptors(),
    threads: threads(),
    mask: sigprocmask(SIG_BLOCK, null),
    resources: process.getActiveResourcesInfo(),
  };
}

// Timers of both kinds, which nothing is to set off or to put back.
const HOUR = 3600;
setitimer(ITIMER_REAL, HOUR, HOUR);
let ticks = 0;
const ticking = setInterval(() => ticks++, 1);
const waiting = setTimeout(() => assert.fail('an hour has not passed'), HOUR * 1000);

const seconds = () => performance.now() / 1000;

/** What is left of the timer at a moment between two, in seconds. */
function timer() {
  const asked = seconds();
  const { value, interval } = getitimer(ITIMER_REAL);
  return { value, interval, asked, told: seconds() };
}

// The first fork installs the signal that parks threads.
forkAndWait();
const before = await state();
const armed = timer();
for (let n = 0; n < Number(process.argv[2]); n++) forkAndWait();
assert.deepEqual(await state(), before);

const later = timer();
const went = armed.value - later.value;
// A hundredth of a second, for the clocks are two.
const least = later.asked - armed.told - 0.01;
const most = later.told - armed.asked + 0.01;
assert(went >= least && went <= most, `${went} s of the timer in ${least} to ${most} s`);
assert.equal(later.interval, HOUR);
const ticked = ticks;
while (ticks < ticked + 3) await new Promise(setImmediate);
setitimer(ITIMER_REAL, 0, 0);
clearInterval(ticking);
clearTimeout(waiting);

// The token that libuv's signal handlers pass around, in the pipe with the lowest numbers, must not cross over to the
// child: killed with the token in hand, it would silence the signals of the whole family.
const number = (entry) => Number.parseInt(entry, 10);
const [reader, writer] = before.descriptors
  .filter((entry) => number(entry) > 2 && /^\d+ pipe:/.test(entry))
  .sort((a, b) => number(a) - number(b));
assert.equal(reader.split(' ')[1], writer.split(' ')[1]);
const pid = fork();
if (pid === 0) {
  const mine = descriptors();
  _exit(mine.includes(reader) || mine.includes(writer) ? 1 : 0);
}
assert.equal(waitpid(pid, 0).status, 0, 'the child has a signal lock of its own');
console.log('passed');
