// Nanoseconds per call: node trace-costs.mjs. Prints them as JSON.
import { _exit, fork, getppid, kill, pipe, read, waitpid, WNOHANG, write } from 'truefork';

const byte = Buffer.alloc(1);
const [readEnd] = pipe();
const child = fork();
if (child === 0) for (;;) read(readEnd, byte);

const [own, other] = pipe();
const costs = {
  'fork, _exit, waitpid': [60, () => waitpid(fork() || _exit(0), 0)],
  'write and read of a pipe': [30_000, () => write(other, byte) + read(own, byte)],
  'waitpid with WNOHANG': [50_000, () => waitpid(child, WNOHANG)],
  getppid: [1_000_000, getppid],
};

function median(values) {
  return values.sort((one, other) => one - other)[values.length >> 1];
}

const times = {};
for (const [name, [count, call]] of Object.entries(costs)) {
  const rounds = Array.from({ length: 7 }, () => {
    const begin = process.hrtime.bigint();
    for (let n = 0; n < count; n++) call();
    return Number(process.hrtime.bigint() - begin) / count;
  });
  times[name] = median(rounds);
}
kill(child, 'SIGKILL');
waitpid(child, 0);
console.log(JSON.stringify(times));
