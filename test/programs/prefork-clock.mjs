// A master whose clock is set back by an hour: what its worker takes is told as before.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { prefork } from 'truefork/prefork';

const MEGABYTES = 40;
const kept = [];
const server = createServer((request, response) => {
  kept.push(Buffer.alloc(MEGABYTES * 2 ** 20, 1));
  for (const end = process.uptime() + 0.2; process.uptime() < end;);
  response.end();
});
const master = await prefork(server, { host: '127.0.0.1', workers: 1 });
const look = async () => (await master.status()).workers[0];
const before = await look();
const { now } = Date;
Date.now = () => now() - 3_600_000;
await fetch(`http://127.0.0.1:${master.address.port}`);
for (;;) {
  const { cpu, memory } = await look();
  const share = cpu.time > before.cpu.time && cpu.share > 0;
  if (share && memory.private - before.memory.private > (MEGABYTES / 2) * 2 ** 20) break;
  await sleep(50);
}
await master.stop();
console.log('passed');
