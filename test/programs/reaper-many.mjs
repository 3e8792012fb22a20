// COUNT children that end at the same moment, which is one SIGCHLD for the lot; a listener of one of them throws.
import { close, _exit, fork, pipe2, read, Reaper } from 'truefork';

const [by, count] = [process.argv[2], Number(process.argv[3])];
const reaper = new Reaper({ by });
const [gate, key] = pipe2(0);
const exits = [];
let thrown = 0;
process.on('uncaughtException', () => thrown++);
reaper.on('exit', (pid, { code }) => {
  exits.push(code);
  if (code === 0) throw new Error('a listener fails');
});

const waiting = [];
for (let n = 0; n < count; n++) {
  const pid = fork();
  if (pid === 0) {
    close(key);
    read(gate, new Uint8Array(1));
    _exit(n);
  }
  waiting.push(reaper.watch(pid));
}
close(key);
// All of them end while nobody listens.
const end = performance.now() + 100;
while (performance.now() < end);
const codes = (await Promise.all(waiting)).map(({ code }) => code);
console.log(JSON.stringify({ inOrder: codes.every((code, n) => code === n), exits: exits.length, thrown }));
