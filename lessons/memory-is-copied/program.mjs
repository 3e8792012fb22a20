// After fork() each process has its own memory: what one of them changes, the other does not see.
import { fork, getpid, getppid, waitpid } from 'truefork';

let num = 100;
const names = ['before'];

const pid = fork();

if (pid === 0) {
  num += 10;
  names.push('child');
} else {
  waitpid(pid, 0); // The child has changed its memory, and has ended: if it were ours, we would see it now.
  console.log(`parent: the child has ended; num = ${num}, names = ${names}`);
  num += 20;
  names.push('parent');
}

const who = pid === 0 ? 'child: ' : 'parent:';
console.log(`${who} pid ${getpid()}, my parent is pid ${getppid()}; num = ${num}, names = ${names}`);
