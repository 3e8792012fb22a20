// fork(), _exit and waitpid of truefork, and of C in the same process, in turn. Arguments: megabytes, rounds. Prints the
// process's megabytes, and the microseconds of each round.
import { createRequire } from 'node:module';
import { _exit, fork, MAP_ANONYMOUS, MAP_SHARED, mmap, PROT_READ, PROT_WRITE, waitpid } from 'truefork';
import { grow } from './grow.mjs';

const plain = createRequire(import.meta.url)('../native/build/Release/plain_fork.node');
const [megabytes, rounds] = process.argv.slice(2).map(Number);
const WARM_UP = 3;

// What the child calls has been compiled in the parent, as in a program that has run for a while.
try {
  _exit('not a status');
} catch {
  // Of course.
}

// When the child ran its first JavaScript.
const shared = mmap(null, 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
const childRan = new BigInt64Array(shared);

const microseconds = (from, to) => Number(to - from) / 1e3;

const measures = {
  truefork(result) {
    const start = process.hrtime.bigint();
    const pid = fork();
    if (pid === 0) {
      childRan[0] = process.hrtime.bigint();
      _exit(0);
    }
    const returned = process.hrtime.bigint();
    waitpid(pid, 0);
    const end = process.hrtime.bigint();
    result.truefork.push(microseconds(start, end));
    result.parent.push(microseconds(start, returned));
    result.child.push(microseconds(start, childRan[0]));
  },
  c(result) {
    plain.letMemoryFork();
    result.c.push(plain.forkAndWait());
  },
};

const rss = grow(megabytes);
const result = { rss, truefork: [], parent: [], child: [], c: [] };
for (let round = -WARM_UP; round < rounds; round++) {
  if (round === 0) for (const list of [result.truefork, result.parent, result.child, result.c]) list.length = 0;
  // Whoever comes second finds the page tables as the first has left them.
  const order = [measures.truefork, measures.c];
  for (const measure of round % 2 === 0 ? order : order.reverse()) measure(result);
}
result.rss = (result.rss + process.memoryUsage.rss() / 2 ** 20) / 2;
console.log(JSON.stringify(result));
