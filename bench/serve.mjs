// The prefork server side by side with node:cluster, and with the process managers that people run: each figure against its bar.
// Medians of measurements that are taken in turn; each ratio is of figures from this run.
//
// `npm run bench -- serve [--seconds 5] [--requests N] [--recycles 10000] [--rows start,rate,…] [--json FILE] [--pictures FOLDER]`:
// how long each load lasts; how many requests to replace workers under, at least (default: as many as fit in a minute); how
// many workers to recycle.
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { aptMissing } from './serve/contestants.mjs';
import { stopAll } from './serve/family.mjs';
import { print, printHead } from './serve/figures.mjs';
import loss from './serve/loss.mjs';
import memory from './serve/memory.mjs';
import peers from './serve/peers.mjs';
import { draw } from './serve/picture.mjs';
import rate from './serve/rate.mjs';
import recycle from './serve/recycle.mjs';
import respawn from './serve/respawn.mjs';
import skew from './serve/skew.mjs';
import start from './serve/start.mjs';
import wait from './serve/wait.mjs';

const rows = { start, rate, memory, respawn, loss, recycle, skew, wait, peers };

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    requests: { type: 'string' },
    recycles: { type: 'string' },
    rows: { type: 'string', default: Object.keys(rows).join() },
    json: { type: 'string' },
    pictures: { type: 'string' },
  },
});
const number = (text) => (text === undefined ? undefined : Number(text));
const options = {
  seconds: number(values.seconds),
  requests: number(values.requests),
  recycles: number(values.recycles),
};
const wanted = values.rows.split(',');
const wrong = Object.entries(options).filter(
  ([, value]) => value !== undefined && !(Number.isInteger(value) && value >= 1),
);
const unknown = wanted.filter((name) => !(name in rows));
if (wrong.length > 0 || unknown.length > 0) {
  for (const [name] of wrong) console.error(`--${name} is a whole number, 1 or more`);
  if (unknown.length > 0)
    console.error(`there is no row ${unknown.join(', ')}; there are: ${Object.keys(rows).join(', ')}`);
  process.exit(2);
}
const install = aptMissing('wrk');
if (install !== undefined) {
  console.error(`wrk is missing, which makes the load; install it with: ${install}`);
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void stopAll().finally(() => process.exit(1)));
}

const [{ model }] = cpus();
const machine = `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}`;
console.log(`serve: ${machine}; the ratio is how many times as good ours is`);
printHead();
const results = [];
try {
  for (const name of wanted) {
    const { figures, pictures } = await rows[name](options);
    print(figures);
    results.push(...figures.map((figure) => ({ row: name, ...figure })));
    if (values.pictures !== undefined) for (const picture of pictures) draw(values.pictures, picture);
    if (values.json !== undefined)
      writeFileSync(values.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
  }
} finally {
  await stopAll();
}

const barred = results.filter(({ held }) => held !== undefined);
const missed = barred.filter(({ held }) => !held);
console.log(`${barred.length - missed.length} of ${barred.length} bars are held`);
if (missed.length > 0) process.exitCode = 1;
