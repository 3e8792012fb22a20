// One run of bench/spawn.mjs, with so many megabytes more on the heap.
import { spawnSync } from 'node:child_process';
import { _exit, fork, waitpid } from 'truefork';

const ballast = Array.from({ length: Number(process.argv[2]) * 8 }, (_, n) => new Array(16_384).fill(n));

function median(rounds, act) {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[rounds >> 1];
}

const spawn = () => spawnSync('/bin/true');
const forkWith = (options) => () => {
  const pid = fork(options);
  if (pid === 0) _exit(0);
  waitpid(pid, 0);
};

median(10, spawn);
const times = { 'spawnSync before any fork': median(60, spawn) };
// The former first: a plain fork takes the marks off for good.
times['fork({ keepDontfork: true })'] = median(40, forkWith({ keepDontfork: true }));
times['spawnSync after fork({ keepDontfork: true })'] = median(60, spawn);
times['fork()'] = median(40, forkWith({}));
times['spawnSync after fork()'] = median(60, spawn);
console.log(JSON.stringify({ rss: process.memoryUsage().rss >> 20, times, ballast: ballast.length }));
