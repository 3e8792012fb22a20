// Forks. The child returns from this and goes on; the parent waits for it, ends as it has ended, and does nothing else.
'use strict';
const inspector = require('node:inspector');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const loadedBefore = new Set(Object.keys(require.cache));
const { _exit, decodeWaitStatus, fork, getpid, isPosixError, kill, waitpid } = require('../../dist/posix/index.js');

function wait(pid) {
  for (;;) {
    try {
      return decodeWaitStatus(waitpid(pid, 0).status);
    } catch (error) {
      if (!isPosixError(error, 'EINTR')) throw error;
    }
  }
}

/** Takes what this file and the addon have left in the module cache out of it: a test may look at it. */
function forgetModules() {
  for (const path of Object.keys(require.cache)) if (!loadedBefore.has(path)) delete require.cache[path];
  delete require.cache[__filename];
}

// Not by prepareFork(), which leaves a tick to come, and keeps a context: a test may look at those.
function collect() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  if (typeof globalThis.gc !== 'function') setFlagsFromString('--no-expose-gc');
}

function goOnInChild() {
  // No fork with a debugger: a test that asks for one gets it in the child.
  const inspected = inspector.url() !== undefined;
  if (inspected) inspector.close();
  const pid = fork();
  if (pid === 0) {
    if (inspected) inspector.open(0);
    // What the fork has used, random numbers for example, is collected now: a test of async_hooks that has seen no beginning
    // of it is not to see its end.
    collect();
    return;
  }
  const end = wait(pid);
  // Without Node's own way out: its exit handlers and reports are the child's affair.
  if (end.state === 'exited') _exit(end.code);
  kill(getpid(), end.signal);
  // Node ignores some signals.
  _exit(128);
}

module.exports = { forgetModules, goOnInChild };
