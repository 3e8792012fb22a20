// Memory of no file, shared by parent and child. Whose turn it is stands in the memory, too: who must wait sleeps on that word.
import { _exit, fork, futexWait, futexWake, getpid, getppid, Mapping, pstree, waitpid } from 'truefork';

const PARENT = 0;
const CHILD = 1;

const memory = Mapping.anonymous(4096);
const turn = new Int32Array(memory.buffer, 0, 1);
const page = memory.bytes.subarray(4);
let count = 0; // An ordinary variable: each of the two has its own.

const pid = fork();
if (pid === 0) {
  waitFor(CHILD);
  count++;
  page[0]++;
  console.log(`child:  pid ${getpid()} counts: the variable is ${count}, the byte in the memory is ${page[0]}`);
  pass(PARENT);

  waitFor(CHILD);
  console.log(`child:  the variable is ${count}, the byte is ${page[0]}`);
  console.log(`        ${pstree(getppid())}`);
  _exit(0);
}

console.log(`parent: pid ${getpid()} begins: the variable is ${count}, the byte in the memory is ${page[0]}`);
pass(CHILD);

waitFor(PARENT);
console.log(`parent: the variable is ${count}, the byte is ${page[0]}`);
page[0] += 10;
pass(CHILD);

waitpid(pid, 0);
memory.close();
console.log(`parent: pid ${pid} has ended`);

function pass(to) {
  Atomics.store(turn, 0, to);
  futexWake(turn, 0, 1);
}

function waitFor(me) {
  for (let now; (now = Atomics.load(turn, 0)) !== me;) futexWait(turn, 0, now);
}
