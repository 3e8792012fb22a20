// Forks of process 1 of a new pid namespace, which has the /proc of its parent's until it mounts its own. Runs in a mount namespace of
// its own. Prints `passed`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { CLONE_NEWPID, decodeWaitStatus, fork, getpid, unshare, waitpid } from 'truefork';

/** The exit code of a child. */
const ended = (pid) => decodeWaitStatus(waitpid(pid, 0).status);
const exited = (code) => ({ state: 'exited', code });

unshare(CLONE_NEWPID);
const pid = fork();
if (pid === 0) {
  assert.equal(getpid(), 1);
  assert.throws(() => fork(), {
    code: 'ERR_FORK_UNSAFE',
    reason: 'unsupported-platform',
    message: /: \/proc is not there, or is that of another pid namespace; mount one$/,
  });
  assert.equal(spawnSync('mount', ['-t', 'proc', 'proc', '/proc']).status, 0);
  const child = fork();
  if (child === 0) process.exit(process.pid);
  assert.deepEqual(ended(child), exited(child));
} else {
  assert.deepEqual(ended(pid), exited(0));
  console.log('passed');
}
