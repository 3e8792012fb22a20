// setitimer() sends a signal again and again. Of its three clocks one always goes, one while the process itself computes, and
// one while it computes or the kernel does for it.
import {
  decodeWaitStatus,
  fork,
  ITIMER_PROF,
  ITIMER_REAL,
  ITIMER_VIRTUAL,
  pause,
  setitimer,
  signal,
  sleep,
  waitpid,
} from 'truefork';

const begin = performance.now();
const seconds = () => ((performance.now() - begin) / 1000).toFixed(2);
signal('SIGALRM', () => undefined); // By default it would end us.

console.log('ITIMER_REAL: first after 0.1 seconds, then every 0.3');
setitimer(ITIMER_REAL, 0.1, 0.3);
for (let n = 1; n <= 4; n++) {
  console.log('  something else is done');
  pause();
  console.log(`  SIGALRM, number ${n}, after ${seconds()} s`);
}
setitimer(ITIMER_REAL, 0, 0);

/** Makes a child with a timer of 0.1 seconds, and tells how it ends. */
function childWith(timer, act) {
  const pid = fork();
  if (pid === 0) {
    setitimer(timer, 0.1, 0);
    act();
    process.exit(0);
  }
  const end = decodeWaitStatus(waitpid(pid, 0).status);
  console.log(`  it ${end.state === 'exited' ? `exited with ${end.code}` : `was ended by ${end.signal}`}`);
}

const sleeps = () => sleep(0.3);
const computes = () => {
  for (;;);
};

console.log('ITIMER_VIRTUAL: a child sleeps for 0.3 seconds');
childWith(ITIMER_VIRTUAL, sleeps);
console.log('ITIMER_VIRTUAL: a child computes for ever');
childWith(ITIMER_VIRTUAL, computes);
console.log('ITIMER_PROF: a child sleeps for 0.3 seconds');
childWith(ITIMER_PROF, sleeps);
console.log('ITIMER_PROF: a child computes for ever');
childWith(ITIMER_PROF, computes);
