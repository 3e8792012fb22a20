// A family in whose processes, and in a helper of the master, prefork() is called once more. Each says what it is told. The argument
// are the options (JSON).
import { createServer } from 'node:http';
import { forkChild } from 'truefork';
import { prefork } from 'truefork/prefork';

async function again(who) {
  const error = await prefork(createServer()).catch((reason) => reason);
  console.log(`${who}: ${error.code} ${error.message}`);
}

async function load() {
  await again('mold');
  return createServer().once('listening', () => void again('worker'));
}

await prefork(load, { host: '127.0.0.1', ...JSON.parse(process.argv[2]), log: console.log });
await again('master');
const { exited } = await forkChild(() => again('helper'));
await exited;
console.log('up');
