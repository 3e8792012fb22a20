// One run of bench/spawn.mjs: MEGABYTES more on the heap, and how often to SPAWN and to FORK. Prints the milliseconds of each.
import { spawnSync } from 'node:child_process';
import { _exit, fork, waitpid } from 'truefork';

const [megabytes, spawns, forks] = process.argv.slice(2).map(Number);
const ballast = Array.from({ length: megabytes * 8 }, (_, n) => new Array(16_384).fill(n));

function timesOf(rounds, act) {
  return Array.from({ length: rounds }, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  });
}

const spawn = () => spawnSync('/bin/true');
const forkWith = (options) => () => {
  const pid = fork(options);
  if (pid === 0) _exit(0);
  waitpid(pid, 0);
};

timesOf(10, spawn);
const times = { 'spawnSync before any fork': timesOf(spawns, spawn) };
// The former first: a plain fork takes the marks off for good.
times['fork({ keepDontfork: true })'] = timesOf(forks, forkWith({ keepDontfork: true }));
times['spawnSync after fork({ keepDontfork: true })'] = timesOf(spawns, spawn);
times['fork()'] = timesOf(forks, forkWith({}));
times['spawnSync after fork()'] = timesOf(spawns, spawn);
console.log(JSON.stringify({ rss: process.memoryUsage().rss >> 20, times, ballast: ballast.length }));
