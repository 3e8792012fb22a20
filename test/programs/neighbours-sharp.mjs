// Forks beside sharp: libvips has a pool of threads of its own, and works in libuv's too. How often is the argument.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { _exit, decodeWaitStatus, fork, ForkUnsafeError, waitpid } from 'truefork';

const sharp = createRequire(new URL('../neighbours/package.json', import.meta.url))('sharp');
const COUNT = Number(process.argv[2]);

function image(side) {
  const pixels = Buffer.alloc(side * side * 3);
  for (let n = 0; n < pixels.length; n++) pixels[n] = (n * 7919) >> 5;
  return { pixels, raw: { width: side, height: side, channels: 3 } };
}

const small = image(300);
const large = image(3000);

async function resize({ pixels, raw }) {
  const resized = await sharp(pixels, { raw }).resize(120, 90).sharpen().jpeg().toBuffer();
  return createHash('sha256').update(resized).digest('hex');
}

const expected = { small: await resize(small), large: await resize(large) };

for (let n = 0; n < COUNT; n++) {
  // Every other fork comes while there is a resizing under way, whose result arrives in both.
  const underWay = n % 2 === 0 ? resize(small) : expected.small;
  if (n % 4 === 0) await new Promise(setImmediate);
  const pid = fork();
  const results = [await underWay, ...(await Promise.all([resize(small), resize(small)]))];
  const right = results.every((hash) => hash === expected.small);
  if (pid === 0) process.exit(right ? 5 : 1);
  assert(right, 'the parent gets the same pixels');
  assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), { state: 'exited', code: 5 });
}

// Who does not want to wait for it is told which threads are at work. One of these may be between two jobs when it is
// looked at.
let refused = 0;
for (let n = 0; n < 20 && refused === 0; n++) {
  const long = resize(large);
  await new Promise(setImmediate);
  try {
    const pid = fork({ timeout: 0 });
    if (pid === 0) _exit(0);
    waitpid(pid, 0);
  } catch (error) {
    assert(error instanceof ForkUnsafeError, error);
    assert.equal(error.reason, 'busy-threads');
    assert.match(
      error.message,
      /\(tid \d+\) is (running|in [a-z_]\w*\(2\)|in system call \d+)|a thread ended meanwhile/,
    );
    refused++;
  }
  assert.equal(await long, expected.large);
}
assert.equal(refused, 1, 'no fork was refused beside long work');
console.log('passed');
