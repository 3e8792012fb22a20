// prefork() where there are no descriptors for what it opens, whichever it is: it fails, leaves nothing behind, and can be called
// again when there are.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { getrlimit, RLIMIT_NOFILE, setrlimit } from 'truefork';
import { prefork } from 'truefork/prefork';

const limit = getrlimit(RLIMIT_NOFILE);
const opened = () => readdirSync('/proc/self/fd').map(Number);
const files = () => readdirSync(process.env.XDG_RUNTIME_DIR, { recursive: true }).filter((name) => name.includes('.'));
const server = createServer();
const serve = () => prefork(server, { host: '127.0.0.1', workers: 1 });

// What is loaded and made once is there from now on.
await (await serve()).stop();
const before = opened();
const listeners = process.listenerCount('SIGTERM');

let failures = 0;
for (let room = 1; ; room++) {
  // Of the numbers below the limit so many are free.
  let most = 0;
  for (let free = 0; free < room; most++) if (!before.includes(most)) free++;
  setrlimit(RLIMIT_NOFILE, { ...limit, cur: most });
  const outcome = await serve().catch((error) => error);
  setrlimit(RLIMIT_NOFILE, limit);
  if (!(outcome instanceof Error)) {
    await outcome.stop();
    break;
  }
  assert.equal(outcome.code, 'EMFILE');
  failures++;
  assert.deepEqual([opened(), process.listenerCount('SIGTERM'), files()], [before, listeners, []]);
}
assert.ok(failures > 10);
console.log('passed');
