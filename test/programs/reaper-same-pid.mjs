// A child that somebody else has waited for, and whose pid is another child's before the event loop has turned. Runs as
// process 1 of a pid namespace. Prints `passed`.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { _exit, fork, pipe2, ProcessLookupError, read, Reaper, waitpid, write } from 'truefork';

assert.equal(process.pid, 1);
const former = fork();
if (former === 0) _exit(0);
const reaper = new Reaper();
const lost = assert.rejects(reaper.watch(former), { code: 'ERR_STATUS_LOST' });
assert.deepEqual(waitpid(former, 0), { pid: former, status: 0 });

const [gate, opener] = pipe2(0);
writeFileSync('/proc/sys/kernel/ns_last_pid', String(former - 1));
const latter = fork();
if (latter === 0) {
  read(gate, new Uint8Array(1));
  _exit(7);
}
assert.equal(latter, former);
assert.throws(() => reaper.kill(former, 'SIGKILL'), ProcessLookupError);
write(opener, new Uint8Array(1));
assert.deepEqual(waitpid(latter, 0), { pid: latter, status: 7 << 8 });
await lost;
console.log('passed');
