// One wait() is for one child. For all of them: wait until there is none, which is the error ECHILD.
import { fork, getpid, isPosixError, kill, Pipe, pstree, wait, waitstatus_to_exitcode } from 'truefork';

const endings = [
  () => process.exit(0),
  () => process.exit(3),
  () => kill(getpid(), 'SIGKILL'), // It does not come back from this.
];

// Each child waits at a gate of its own, so that it is the parent who says which of them ends next.
const gates = endings.map((end) => {
  const gate = new Pipe();
  if (fork() === 0) {
    gate.reader.read();
    end();
  }
  return gate;
});
console.log(String(pstree()));

const order = [1, 2, 0];
function openNextGate() {
  const next = order.shift();
  if (next !== undefined) gates[next].writer.write('go');
}

openNextGate();
for (;;) {
  try {
    const { pid, status } = wait();
    console.log(`child ${pid} has ended, status ${status}, as an exit code: ${waitstatus_to_exitcode(status)}`);
    openNextGate();
  } catch (error) {
    if (!isPosixError(error, 'ECHILD')) throw error;
    console.log(error.message);
    break;
  }
}
console.log(String(pstree()));
