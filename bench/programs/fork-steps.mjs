// Where the time of fork(), _exit and waitpid goes. Arguments: megabytes, rounds, the package whose addon takes the time
// of its steps, and the offsets of these, as JSON: { name: offset }. Prints a list of rounds: { start, ran, returned, end,
// calls: [{ name, role, start, end }] }, in nanoseconds.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { grow } from './grow.mjs';

const [megabytes, rounds] = process.argv.slice(2, 4).map(Number);
const [, , , , timed, offsets] = process.argv;
const require = createRequire(import.meta.url);
const { _exit, fork, MAP_ANONYMOUS, MAP_SHARED, mmap, PROT_READ, PROT_WRITE, waitpid } = require(
  join(timed, 'dist', 'index.js'),
);
const { native } = require(join(timed, 'dist', 'posix', 'native.js'));

const functions = JSON.parse(offsets);
native.watchSteps(Object.values(functions));
const names = ['', '_Fork', ...Object.keys(functions)];
const roles = ['parent', 'child'];

const shared = mmap(null, 8, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
const childRan = new BigInt64Array(shared);

const now = () => Number(process.hrtime.bigint());

const WARM_UP = 3;

// What the child calls has been compiled in the parent, as in a program that has run for a while.
try {
  _exit('not a status');
} catch {
  // Of course.
}
grow(megabytes);
const result = [];
for (let round = -WARM_UP; round < rounds; round++) {
  const start = now();
  const pid = fork();
  if (pid === 0) {
    childRan[0] = process.hrtime.bigint();
    _exit(0);
  }
  const returned = now();
  waitpid(pid, 0);
  const end = now();
  const calls = native
    .takeSteps()
    .map(([step, role, began, ended]) => ({ name: names[step], role: roles[role], start: began, end: ended }));
  if (round >= 0) result.push({ start, ran: Number(childRan[0]), returned, end, calls });
}
console.log(JSON.stringify(result));
