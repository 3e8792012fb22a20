// Forks from synchronous CommonJS: while a module is loaded that another one requires, at the top level of the program,
// and as it ends. Each child goes on where it was made, uses the event loop and the threadpool, and ends by itself.
'use strict';
const assert = require('node:assert/strict');
const { readFile, readFileSync } = require('node:fs');
const { decodeWaitStatus, fork, waitpid } = require('truefork');

const main = process.pid;

/** The child's places are the parent's: it has a parent's name for itself, and does not fork again. */
function forkHere(code) {
  if (process.pid !== main) return;
  const pid = fork();
  if (pid === 0) {
    setTimeout(() => {
      readFile(__filename, (error, data) => {
        assert.deepEqual(data, readFileSync(__filename));
        process.exitCode = code;
      });
    }, 1);
  } else {
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code });
  }
}

if (require.main === module) {
  globalThis.forkHere = forkHere;
  const loading = new module.constructor('loading', module);
  loading._compile("globalThis.forkHere(3); module.exports = 'loaded'", 'loading.cjs');
  assert.equal(loading.exports, 'loaded');

  forkHere(4);

  if (process.pid === main) {
    process.once('beforeExit', () => forkHere(5));
    // No event loop comes after this.
    process.once('exit', () => {
      if (process.pid !== main) return;
      const pid = fork();
      if (pid === 0) return void (process.exitCode = 6);
      assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 6 });
      console.log('passed');
    });
  }
}
