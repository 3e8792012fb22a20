// Processes hand items to each other through a queue: put waits while it is full, get while it is empty.
import { _exit, fork, getpid, pstree, waitpid, WEXITSTATUS } from 'truefork';
import { Queue, QueueEmptyError, QueueFullError } from 'truefork/ipc';

const numbers = new Queue({ maxsize: 2 });
const squares = new Queue();

// Alone, to see its rules.
nowait(() => numbers.getNowait());
numbers.put(10);
numbers.put(20);
nowait(() => numbers.putNowait(30));
console.log(`parent: first in, first out: ${numbers.get()}, then ${numbers.get()}`);

// Made before the fork, the queues are those of the whole family.
const workers = [1, 2, 3].map(() => {
  const pid = fork();
  if (pid === 0) work();
  return pid;
});
for (let n = 1; n <= 6; n++) numbers.put(n); // Waits while two are in it that nobody has taken.
const results = Array.from({ length: 6 }, () => squares.get());
console.log(`${pstree()}`);

workers.forEach(() => numbers.put('stop')); // One for each: who has taken it, takes nothing more.
const codes = workers.map((pid) => WEXITSTATUS(waitpid(pid, 0).status));
console.log(`parent: the workers have ended with ${codes.join(', ')}`);

// Who gets which number, and who is done first, is left to chance. So the results say what they are of.
results.sort((a, b) => a.n - b.n);
console.log(`parent: pid ${getpid()} has ${results.map(({ n, square }) => `${n}² = ${square}`).join(', ')}`);
console.log(`parent: all are a worker's: ${results.every(({ by }) => workers.includes(by))}`);

function work() {
  for (let n; (n = numbers.get()) !== 'stop';) squares.put({ n, square: n * n, by: getpid() });
  _exit(0);
}

function nowait(call) {
  try {
    call();
  } catch (error) {
    if (!(error instanceof QueueEmptyError || error instanceof QueueFullError)) throw error;
    console.log(`parent: ${error.code}: ${error.message}`);
  }
}
