// A fork when no descriptor is free, or too few for the child, and then, with descriptors, one that works.
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { _exit, fork, getrlimit, isPosixError, RLIMIT_NOFILE, setrlimit, waitpid } from 'truefork';

function forks() {
  const pid = fork({ timeout: 2_000 });
  if (pid === 0) _exit(0);
  assert.equal(waitpid(pid, 0).status, 0);
}

// What the first fork looks for, and keeps, is there then.
forks();

const limit = getrlimit(RLIMIT_NOFILE);
setrlimit(RLIMIT_NOFILE, { ...limit, cur: 64 });
const held = [];
assert.throws(
  () => {
    for (;;) held.push(openSync('/dev/null'));
  },
  { code: 'EMFILE' },
);
const refused = (error) => isPosixError(error, 'EMFILE') && error.syscall === 'fork';
assert.throws(forks, refused);
closeSync(held.pop());
assert.throws(forks, refused);
closeSync(held.pop());
forks();
for (const fd of held) closeSync(fd);
setrlimit(RLIMIT_NOFILE, limit);
forks();
console.log('passed');
