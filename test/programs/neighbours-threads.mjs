// Forks beside the threads of another addon. The case is the first argument, how often the second.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { close, decodeWaitStatus, fork, ForkUnsafeError, pipe2, waitpid, write } from 'truefork';
import { untilAThreadIsIn, untilAThreadIsNamed } from './support/threads.mjs';

const threads = createRequire(import.meta.url)('../addon/build/Release/threads.node');
const [, , name, count] = process.argv;
const COUNT = Number(count ?? 1);

const success = (pid) => assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 0 });

function works() {
  const pid = fork();
  if (pid === 0) process.exit(0);
  success(pid);
}

function refusal() {
  try {
    const pid = fork({ timeout: 100 });
    if (pid === 0) process.kill(process.pid, 'SIGKILL');
    waitpid(pid, 0);
  } catch (error) {
    assert(error instanceof ForkUnsafeError, error);
    assert.equal(error.reason, 'busy-threads');
    return error.message;
  }
  assert.fail('the fork was not refused');
}

// A thread waits on a condition variable; some of its calls to JavaScript have not arrived at the fork. Both processes
// get them, and those that it queues afterwards: each one once, and in order.
async function calls() {
  const QUEUED = 100;
  const LATER = 50;
  for (let n = 0; n < COUNT; n++) {
    const got = [];
    let arrived;
    const all = new Promise((resolve) => (arrived = resolve));
    threads.openCaller((number) => {
      got.push(number);
      if (got.length === QUEUED + LATER) arrived();
    });
    if (n % 2 === 0) threads.order(QUEUED);
    // It is at work on them as the fork begins.
    else threads.orderMore(QUEUED);
    const pid = fork();
    threads.orderMore(LATER);
    await all;
    threads.closeCaller();
    assert.deepEqual(
      got,
      Array.from({ length: QUEUED + LATER }, (_, number) => number),
    );
    if (pid === 0) return;
    success(pid);
  }
}

function reader() {
  const [readEnd, writeEnd] = pipe2(0);
  threads.startReader('pipe reader', readEnd);
  untilAThreadIsIn('read(2)');
  assert.match(refusal(), /pipe reader \(tid \d+\) is in read\(2\)/);
  write(writeEnd, Buffer.from('x'));
  threads.join();
  works();
  close(readEnd);
  close(writeEnd);
}

function computer() {
  threads.startComputer('computer');
  untilAThreadIsNamed('computer');
  assert.match(refusal(), /computer \(tid \d+\) is running/);
  threads.stopComputer();
  threads.join();
  works();
}

// Both processes wait for the end of a thread that was born before the fork.
function join() {
  for (let n = 0; n < COUNT; n++) {
    threads.openCaller(() => {});
    const pid = fork();
    threads.closeCaller();
    if (pid === 0) process.exit(0);
    success(pid);
  }
}

// A thread whose waits end by themselves, one of them between the look at it and the signal that parks it.
function ticker() {
  threads.startTicker('ticker');
  let pid;
  for (let n = 0; n < COUNT && pid !== 0; n++) {
    threads.tick();
    pid = fork();
    threads.tick();
    if (pid > 0) success(pid);
  }
  threads.stopTicker();
  threads.join();
}

// Two threads that work in turns: one of them waits at any time, and at the right moments both seem to. What they have
// begun is done before the fork, or not begun: half of it would be done by both processes.
function relay() {
  threads.openRelay();
  for (let n = 0; n < COUNT; n++) {
    threads.startRelay(50 + (n % 100));
    const pid = fork();
    assert.equal(threads.relayLegs(), 0);
    if (pid === 0) process.exit(0);
    success(pid);
  }
  threads.closeRelay();
}

const main = process.pid;
await { calls, reader, computer, join, relay, ticker }[name]();
if (process.pid === main) console.log('passed');
