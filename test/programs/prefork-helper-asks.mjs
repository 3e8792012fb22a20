// A helper that is forked in the master of a prefork server, and asks that master's object for what only the master can do.
import { createServer } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { forkChild } from 'truefork';
import { prefork } from 'truefork/prefork';

const log = [];
const master = await prefork(createServer(), { host: '127.0.0.1', workers: 1, log: (line) => log.push(line) });
const before = master.workers.map(({ pid }) => pid);

const helper = await forkChild(async () => {
  const told = [];
  master.scale(2);
  for (const method of ['reload', 'refork', 'upgrade', 'status']) {
    const tell = () => told.push(method);
    master[method]().then(tell, tell);
  }
  await master.stop();
  await master.stop({ quick: true });
  await turn();
  console.log(`helper: stop is nothing to wait for, quick or not; told of the others: ${told.join() || 'nothing'}`);
  // It has said nothing in the name of the server.
  return log.filter((line) => line.includes(`master pid=${process.pid}`)).length;
});
const { code } = await helper.exited;
const isSame = String(master.workers.map(({ pid }) => pid)) === String(before);
console.log(`master: ${master.workers.length} worker, ${isSame ? 'the one that there was' : 'another one'}`);
await master.stop();
process.exitCode = code;
