// What a process does in its own life, before and after it has been forked. Argument: how often. Prints the microseconds of
// each round, before and after.
import { readFile } from 'node:fs/promises';
import { _exit, fork, waitpid } from 'truefork';
import { grow } from './grow.mjs';

const forks = Number(process.argv[2]);
const ROUNDS = 300;

// Of each kind that a fork could spoil: code that V8 has optimized, new objects and their collection, the threadpool.
async function work() {
  const list = Array.from({ length: 5_000 }, (_, n) => ({ n, text: `x${n}` }));
  const text = JSON.stringify(list.map(({ n, text }) => ({ n: Math.sqrt(n), text })).sort((a, b) => b.n - a.n));
  const files = await Promise.all(Array.from({ length: 8 }, () => readFile(process.argv[1])));
  return text.length + files.length;
}

async function times() {
  const list = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    await work();
    list.push(Number(process.hrtime.bigint() - start) / 1e3);
  }
  return list;
}

grow(60);
await times();
const before = await times();
for (let n = 0; n < forks; n++) {
  const pid = fork();
  if (pid === 0) _exit(0);
  waitpid(pid, 0);
}
// The pages that the forks have left to be copied are copied by then.
await times();
console.log(JSON.stringify({ before, after: await times() }));
