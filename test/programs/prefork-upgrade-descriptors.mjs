// A server whose upgrade fails for want of descriptors; then it is upgraded once more, when there are some. Its log goes to stdout.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { close, getrlimit, O_CLOEXEC, O_RDONLY, open, RLIMIT_NOFILE, setrlimit } from 'truefork';
import { prefork } from 'truefork/prefork';

const command = { argv: ['false'], cwd: '/', env: process.env };
const master = await prefork(createServer(), { host: '127.0.0.1', workers: 1, command, log: console.log });
// What the first attempt loads is not loaded anew.
await assert.rejects(master.upgrade(), /exit code 1/);

const { cur, max } = getrlimit(RLIMIT_NOFILE);
setrlimit(RLIMIT_NOFILE, { cur: 64, max });
const taken = [];
assert.throws(
  () => {
    for (;;) taken.push(open('/dev/null', O_RDONLY | O_CLOEXEC));
  },
  { code: 'EMFILE' },
);
// One to read a directory by; to start a program takes two at least.
close(taken.pop());
await assert.rejects(master.upgrade(), { code: 'ERR_PREFORK_UPGRADE', message: /EMFILE; the old one goes on$/ });

for (const fd of taken) close(fd);
setrlimit(RLIMIT_NOFILE, { cur, max });
await assert.rejects(master.upgrade(), /exit code 1/);
console.log('up');
await once(master, 'stopped');
