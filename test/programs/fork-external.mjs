// Forks whenever V8 may be about to collect garbage because of memory outside of its heap.
import { _exit, fork, waitpid } from 'truefork';

const COUNT = 300;
for (let n = 0; n < COUNT; n++) {
  // A buffer of this size or that: each fork meets another distance to the limit.
  for (let m = 0; m < 6; m++) new ArrayBuffer(1_000_003 * (1 + ((n + m) % 5)));
  const pid = fork();
  if (pid === 0) _exit(0);
  waitpid(pid, 0);
}
console.log('passed');
