// A baker and an eater share a shelf with room for one cake. With a condition, each sleeps until the other has changed it.
import { _exit, fork, getpid, getppid, pstree, waitpid, WEXITSTATUS } from 'truefork';
import { Condition, SharedArray } from 'truefork/ipc';

const CAKES = 3;

const changed = new Condition(); // A lock, and the way to wait for those who hold it after us.
const shelf = new SharedArray(Int32Array, 1).array; // How many cakes are on it.

const baker = fork();
if (baker === 0) {
  for (let n = 1; n <= CAKES; n++) {
    changed.acquire();
    changed.waitFor(() => shelf[0] === 0); // Sleeps without the lock, and asks with it.
    shelf[0]++;
    console.log(`baker:  pid ${getpid()} puts cake ${n} on the shelf`);
    changed.notify();
    changed.release();
  }
  _exit(0);
}

const eater = fork();
if (eater === 0) {
  for (let n = 1; n <= CAKES; n++) {
    changed.acquire();
    changed.waitFor(() => shelf[0] === 1);
    shelf[0]--;
    console.log(`eater:  pid ${getpid()} eats cake ${n}`);
    if (n === 1) console.log(`${pstree(getppid())}`);
    changed.notify();
    changed.release();
  }
  _exit(0);
}

// The baker may be gone before the last cake is eaten: first both have to end, then there is something to say.
const ended = [baker, eater].map((pid) => waitpid(pid, 0));
for (const { pid, status } of ended) console.log(`parent: pid ${pid} has ended with ${WEXITSTATUS(status)}`);
console.log(`parent: cakes on the shelf: ${shelf[0]}`);
