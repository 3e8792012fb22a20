// A fork that is refused because code runs with a time limit, and one afterwards. The limit is kept by a thread with a loop of its
// own; what has its memory when that is gone is no loop: here the stream of process.stdout, in Node.js 22. (Whatever is
// allocated besides may take it instead.)
import { fork, waitpid } from 'truefork';
import { runInNewContext } from 'node:vm';

let reason;
try {
  runInNewContext('fork()', { fork }, { timeout: 60_000 });
} catch (error) {
  ({ reason } = error);
}
console.log(reason === 'worker-threads' ? 'passed' : reason);
const pid = fork();
// The child does nothing but live for a while, and end.
await new Promise((resolve) => setTimeout(resolve, pid === 0 ? 50 : 300));
if (pid !== 0) process.exitCode = waitpid(pid, 0).status;
