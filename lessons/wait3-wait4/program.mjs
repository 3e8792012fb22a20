// wait3() and wait4() tell of a child what it has used: processor time, memory, how often it had to wait.
import { fork, getpid, getrusage, RUSAGE_SELF, sleep, wait3, wait4 } from 'truefork';

const WORK = 0.2; // seconds of processor time

function child(run) {
  const pid = fork();
  if (pid !== 0) return pid;
  run();
  process.exit();
}

function tell(what, { pid, status, rusage }) {
  const memory = `${(rusage.maxrss / 1024).toFixed(1)} MB`;
  console.log(
    `${what}: child ${pid}, status ${status}, user ${rusage.utime.toFixed(3)} s, system ${rusage.stime.toFixed(3)} s, ${memory}`,
  );
}

const busy = child(() => {
  console.log(`busy:  pid ${getpid()} computes`);
  while (getrusage(RUSAGE_SELF).utime < WORK);
});
const computed = wait4(busy, 0); // This child, and no other.
tell('wait4', computed);

child(() => {
  console.log(`lazy:  pid ${getpid()} sleeps as long`);
  sleep(WORK);
});
const slept = wait3(0); // Any child: here there is one.
tell('wait3', slept);

const worked = ({ rusage }) => (rusage.utime >= WORK ? 'yes' : 'no');
console.log(`has it computed? the busy one: ${worked(computed)}, the lazy one: ${worked(slept)}`);
