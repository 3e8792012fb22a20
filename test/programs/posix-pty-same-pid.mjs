// The program of a terminal that somebody else has waited for, and whose pid is another's before the event loop has turned. Runs
// as process 1 of a pid namespace. Prints `passed`.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { _exit, fork, pipe2, ProcessLookupError, ptySpawn, read, waitpid, write } from 'truefork';

assert.equal(process.pid, 1);
const pty = ptySpawn('true');
const lost = assert.rejects(pty.exited, { code: 'ECHILD' });
assert.equal(waitpid(pty.pid, 0).pid, pty.pid);

const [gate, opener] = pipe2(0);
writeFileSync('/proc/sys/kernel/ns_last_pid', String(pty.pid - 1));
const latter = fork();
if (latter === 0) {
  read(gate, new Uint8Array(1));
  _exit(7);
}
assert.equal(latter, pty.pid);
assert.throws(() => pty.kill('SIGKILL'), ProcessLookupError);
write(opener, new Uint8Array(1));
assert.deepEqual(waitpid(latter, 0), { pid: latter, status: 7 << 8 });
await lost;
console.log('passed');
