// Forks a process that has more and more mappings, until their list is longer than what malloc(3) keeps in its heap: to read it
// may give back memory that is in it. Prints `passed`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { _exit, fork, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, mmap, PROT_READ, PROT_WRITE, waitpid } from 'truefork';

const PAGE = 4096;
const mappings = [];

// A block of 128 KiB (M_MMAP_THRESHOLD) has a mapping of its own, which is gone when the list outgrows it, and the block with it;
// until malloc has seen that once, so that nobody else must have had one here.
for (let step = 0; step < 40; step++) {
  for (let n = 0; n < 100; n++) {
    // Neighbours that differ, or the kernel would make them one.
    const protection = n % 2 ? PROT_READ : PROT_READ | PROT_WRITE;
    const flags = n % 3 ? MAP_PRIVATE : MAP_SHARED;
    mappings.push(mmap(null, PAGE, protection, flags | MAP_ANONYMOUS, -1, 0));
  }
  for (let n = 0; n < 3; n++) {
    const pid = fork();
    if (pid === 0) _exit(7);
    assert.deepEqual(waitpid(pid, 0), { pid, status: 7 << 8 });
  }
}
assert.ok(readFileSync('/proc/self/maps').length > 2 * 128 * 1024);
console.log('passed');
