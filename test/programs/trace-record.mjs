// record(): node trace-record.mjs
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { _exit, childrenOfThread, close, fork, pipe, read, wait, waitpid, write } from 'truefork';
import { mark, record, TraceError } from 'truefork/trace';

const descriptors = () => readdirSync('/proc/self/fd').length;

/** The process that observes this one, if there is one. */
function observer() {
  return readdirSync('/proc').find((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(`observer-main.js\0/proc/${process.pid}/fd/`);
    } catch {
      return false; // No process, or one that has ended this moment.
    }
  });
}

mark('nobody records');
// Once, for what is opened with the first fork and the first signal.
assert.equal(waitpid(fork() || _exit(0), 0).status, 0);
const before = { descriptors: descriptors(), kill: process.kill, emit: process.emit };

for (let round = 0; round < 2; round++) {
  const recording = record({ capacity: 1000 });
  assert.throws(() => record(), { name: 'TraceError', code: 'ERR_TRACE_RECORDING' });
  assert.notEqual(observer(), undefined);
  assert.deepEqual(childrenOfThread(), []);
  assert.throws(() => wait(), { code: 'ECHILD' });

  const [readEnd, writeEnd] = pipe();
  const child = fork();
  if (child === 0) {
    recording.stop().catch((error) => {
      write(writeEnd, Buffer.from(error instanceof TraceError ? error.code : 'another error'));
      process.exit(3);
    });
  } else {
    const answer = Buffer.alloc(100);
    assert.equal(answer.toString('latin1', 0, read(readEnd, answer)), 'ERR_TRACE_NOT_YOURS');
    mark('the end');
    assert.equal(waitpid(child, 0).status, 3 << 8);
    const timeline = await recording.stop();
    assert.equal(await recording.stop(), timeline);
    assert.deepEqual(
      timeline.processes.map(({ pid, end }) => [pid, end]),
      [
        [process.pid, null],
        [child, { state: 'exited', code: 3 }],
      ],
    );
    assert.equal(timeline.messages.length, 1);
    assert.equal(timeline.messages[0].bytes, 19);
    assert.ok(timeline.events.some(({ kind, text }) => kind === 'mark' && text === 'the end'));
    assert.equal(timeline.dropped, 0);
    assert.equal(process.kill, before.kill);
    assert.equal(process.emit, before.emit);
    assert.equal(Object.hasOwn(process, 'emit'), false);
    close(readEnd);
    close(writeEnd);
    // It ends as soon as it has answered.
    while (observer() !== undefined) await turn();
    assert.equal(descriptors(), before.descriptors);
    if (round === 1) console.log('held');
  }
}
