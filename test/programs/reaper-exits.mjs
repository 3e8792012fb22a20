// Children that end in every way, under a reaper of the kind of the first argument. Prints as JSON what was told of each.
import { _exit, fork, kill, pipe2, close, read, Reaper } from 'truefork';

const reaper = new Reaper({ by: process.argv[2] });
const told = {};
reaper.on('exit', (pid, status) => (told[pid] ??= []).push(status));
reaper.on('lost', (pid) => (told[pid] ??= []).push('lost'));

/** A child that runs this, and nothing else of the program. */
function child(run) {
  const pid = fork();
  if (pid > 0) return pid;
  run();
  return undefined;
}

// The others are told to end when all are there, so that they end at one moment.
const [gate, gateKey] = pipe2(0);
const wait = () => {
  close(gateKey);
  read(gate, new Uint8Array(1));
};

const ways = {
  'code 0': () => _exit(0),
  'code 1': () => _exit(1),
  'code 255': () => _exit(255),
  'code 7 at the gate': () => {
    wait();
    _exit(7);
  },
  'process.exit(9)': () => process.exit(9),
  SIGTERM: () => kill(process.pid, 'SIGTERM'),
  SIGKILL: () => kill(process.pid, 'SIGKILL'),
  SIGRTMIN: () => kill(process.pid, 40),
};

const results = {};
const waiting = [];
for (const [way, run] of Object.entries(ways)) {
  const pid = child(run);
  if (pid === undefined) break;
  waiting.push(
    reaper.watch(pid).then(async (status) => {
      // Once only, and the promise of a second watch() is that of the first.
      await new Promise(setImmediate);
      results[way] = { status, told: told[pid], has: reaper.has(pid) };
    }),
  );
}
if (waiting.length === Object.keys(ways).length) {
  close(gateKey);
  await Promise.all(waiting);
  console.log(JSON.stringify({ results, pids: reaper.pids }));
}
