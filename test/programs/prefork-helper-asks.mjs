// A helper that is forked in the master of a prefork server, and asks that master's object for what only the master can do.
import { createServer } from 'node:http';
import { forkChild } from 'truefork';
import { prefork } from 'truefork/prefork';

const log = [];
const master = await prefork(createServer(), { host: '127.0.0.1', workers: 1, log: (line) => log.push(line) });
const before = master.workers.map(({ pid }) => pid);

const helper = await forkChild(async () => {
  const told = [];
  for (const method of ['reload', 'refork', 'upgrade', 'scale']) {
    try {
      await master[method](2);
      told.push(`${method} nothing`);
    } catch ({ code }) {
      told.push(`${method} ${code}`);
    }
  }
  console.log(`helper: ${told.join(', ')}`);
  await master.stop();
  await master.stop({ quick: true });
  console.log('helper: stop is nothing to wait for, quick or not');
  // It has said nothing in the name of the server.
  return log.filter((line) => line.includes(`master pid=${process.pid}`)).length;
});
const { code } = await helper.exited;
const isSame = String(master.workers.map(({ pid }) => pid)) === String(before);
console.log(`master: ${master.workers.length} worker, ${isSame ? 'the one that there was' : 'another one'}`);
await master.stop();
process.exitCode = code;
