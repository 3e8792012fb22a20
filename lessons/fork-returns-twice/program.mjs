// fork() is called once and returns twice: in the parent with the pid of the child, in the child with 0.
import { fork, getpid, getppid, pstree, waitpid } from 'truefork';

console.log(`before: pid ${getpid()}, one process`);

const pid = fork();

if (pid === 0) {
  console.log(`child:  pid ${getpid()}, my parent is pid ${getppid()}; fork returned 0`);
  console.log(`        ${pstree(getppid())}`);
} else {
  waitpid(pid, 0); // The child has the word first: without this, the two of them race.
  console.log(`parent: pid ${getpid()}; fork returned the pid of my child, pid ${pid}`);
}

// Neither branch has ended its process: both come here, and each says it.
console.log(`both:   pid ${getpid()} goes on from where fork returned`);
