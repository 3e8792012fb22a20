// A process whose pid is the upper half of an address, as glibc has them in front of what the engine looks for, forks. It
// runs in a pid namespace of its own (unshare(1)), in which it may choose.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeWaitStatus, fork, waitpid } from 'truefork';

const [, address = ''] = /^([0-9a-f]+)-.*\blibc\.so/m.exec(readFileSync('/proc/self/maps', 'utf8')) ?? [];
const half = Number(BigInt(`0x${address}`) >> 32n);
const pidMax = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
assert(half > 300 && half < pidMax, `${half} can be a pid`);

const ended = (pid) => decodeWaitStatus(waitpid(pid, 0).status);
writeFileSync('/proc/sys/kernel/ns_last_pid', String(half - 1));
const pid = fork();
if (pid === 0) {
  assert.equal(process.pid, half);
  const grandchild = fork();
  if (grandchild === 0) process.exit(5);
  assert.deepEqual(ended(grandchild), { state: 'exited', code: 5 });
  process.exit(6);
}
assert.deepEqual(ended(pid), { state: 'exited', code: 6 });
console.log('passed');
