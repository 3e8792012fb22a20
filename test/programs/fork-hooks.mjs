// The order of atfork's hooks, and hooks that throw.
import assert from 'node:assert/strict';
import { atfork, decodeWaitStatus, fork, forkMany, SIG_BLOCK, SIG_SETMASK, sigprocmask, waitpid } from 'truefork';

let order = [];
const note = (what) => () => order.push(what);
const first = atfork({ before: note('before 1'), parent: note('parent 1'), child: note('child 1') });
atfork({ before: note('before 2'), parent: note('parent 2'), child: note('child 2') });
atfork({});

function statusOf(pid) {
  return decodeWaitStatus(waitpid(pid, 0).status);
}

let pid = fork();
if (pid === 0) {
  assert.deepEqual(order, ['before 2', 'before 1', 'child 1', 'child 2']);
  process.exit(4);
}
assert.deepEqual(order, ['before 2', 'before 1', 'parent 1', 'parent 2']);
assert.deepEqual(statusOf(pid), { state: 'exited', code: 4 });

// A `before` that throws cancels the fork; those whose `before` has run get their `parent`.
order = [];
const failure = new Error('not now');
const cancel = atfork({
  before: () => {
    throw failure;
  },
});
atfork({ before: note('before 4'), parent: note('parent 4') });
assert.throws(() => fork(), failure);
assert.deepEqual(order, ['before 4', 'parent 4']);
cancel();
first();

// An error of a `parent` or `child` hook is an uncaught one; the other hooks run, and fork() returns.
order = [];
const bad = atfork({
  parent: () => {
    throw new Error('parent hook');
  },
  child: () => {
    throw new Error('child hook');
  },
});
const uncaught = [];
process.on('uncaughtException', (error) => {
  uncaught.push(error.message);
  // Only the child: as an uncaught error ends it.
  if (error.message === 'child hook') process.exit(8);
});
pid = fork();
bad();
if (pid === 0) {
  assert.deepEqual(order, ['before 4', 'before 2', 'child 2']);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}
assert.deepEqual(order, ['before 4', 'before 2', 'parent 2', 'parent 4']);
assert.deepEqual(statusOf(pid), { state: 'exited', code: 8 });
await new Promise(setImmediate);
assert.deepEqual(uncaught, ['parent hook']);

// Each child of several is told which of them it is.
let told;
const tell = atfork({
  child: (index) => {
    told = index;
  },
});
const several = forkMany(3);
tell();
if (several.role === 'child') {
  assert.equal(told, several.index);
  process.exit(told);
}
assert.deepEqual(
  several.pids.map((each) => statusOf(each)),
  [0, 1, 2].map((code) => ({ state: 'exited', code })),
);
assert.equal(told, undefined);

// A hook may fork itself: each of the three processes has the signals that the first one had when its fork returns.
sigprocmask(SIG_SETMASK, ['SIGUSR2']);
let generation = 0;
let grandchild;
const again = atfork({
  child: () => {
    if (++generation === 1) grandchild = fork();
  },
});
pid = fork();
again();
assert.deepEqual(sigprocmask(SIG_BLOCK, null), ['SIGUSR2']);
if (pid === 0) {
  if (grandchild === 0) process.exit(generation);
  assert.deepEqual(statusOf(grandchild), { state: 'exited', code: 2 });
  process.exit(generation);
}
assert.deepEqual(statusOf(pid), { state: 'exited', code: 1 });
console.log('passed');
