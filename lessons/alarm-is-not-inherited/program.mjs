// A process has one alarm, and a second call sets it anew. A child begins without: the alarm is its parent's alone.
import { alarm, close, decodeWaitStatus, fork, getitimer, getpid, getppid, ITIMER_REAL, pause, pipe2 } from 'truefork';
import { PR_SET_CHILD_SUBREAPER, prctl, pstree, read, wait, waitpid, write } from 'truefork';

const left = () => `${getitimer(ITIMER_REAL).value.toFixed(1)} s`;
const [told, tell] = pipe2(0);
const [end, held] = pipe2(0);

// Who is orphaned below is adopted by this process, and not by process 1: it can be waited for here.
prctl(PR_SET_CHILD_SUBREAPER, 1);
const parent = fork();

if (parent === 0) {
  alarm(60);
  const child = fork();
  if (child === 0) {
    close(held);
    console.log(`child:  alarm(0) answers ${alarm(0)}: nothing was left of any`);
    write(tell, Buffer.from('.'));
    read(end, Buffer.alloc(1)); // The end of the pipe: nobody holds the other end any more.
    console.log(`child:  pid ${getpid()} lives, and its parent is pid ${getppid()}`);
    process.exit(0);
  }
  read(told, Buffer.alloc(1));
  console.log(`        ${pstree()}`);
  console.log(`parent: pid ${getpid()} has ${left()} left of its alarm`);
  alarm(1);
  console.log(`parent: pid ${getpid()} has set another one, and has ${left()} left`);
  for (;;) pause();
}

const { signal } = decodeWaitStatus(waitpid(parent, 0).status);
console.log(`waitpid: the parent, pid ${parent}, was ended by ${signal}`);
close(held);
const { pid } = wait();
console.log(`wait:    the child, pid ${pid}, has ended, too`);
