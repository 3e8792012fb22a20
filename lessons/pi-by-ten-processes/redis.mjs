// The same with Redis: the processes have a server in common, and no memory. They might as well be on ten machines.
import { forkChild, getpid, pstree } from 'truefork';
import { area } from './area.mjs';
import { startRedis } from './redis-server.mjs';

const PROCESSES = 10;

const { createClient } = await import('redis').catch(() =>
  stopWith('there is no client; install it by: npm install redis'),
);
const { path, stop } = await startRedis().catch((error) => stopWith(error.message));
// To be called in the process that uses it: a connection that two processes share mixes up what each is answered.
const connect = () => createClient({ socket: { path } }).connect();

const children = [];
for (let n = 0; n < PROCESSES; n++) {
  const child = await forkChild(async () => {
    const redis = await connect();
    await redis.blPop('start', 0); // Waits for the word, in the server's queue of those who do.
    await redis.rPush('areas', String(area(n, PROCESSES)));
    redis.destroy();
  });
  children.push(child);
}
console.log(`parent: pid ${getpid()} has a server and ${PROCESSES} children`);
console.log(`${pstree()}`);

const redis = await connect();
await redis.rPush('start', Array(PROCESSES).fill('go'));
const ends = await Promise.all(children.map((child) => child.exited));
console.log(`parent: all have ended: ${ends.every(({ code }) => code === 0)}`);

const areas = await redis.lRange('areas', 0, -1);
redis.destroy();
await stop();
const pi = areas.map(Number).reduce((sum, one) => sum + one);
console.log(`parent: ${areas.length} areas are in the list, pi is ${pi.toFixed(10)}`);

function stopWith(message) {
  console.error(message);
  process.exit(1);
}
