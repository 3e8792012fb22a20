// RPC side by side with others: each figure against its bar. Medians of measurements that are taken in turn; each ratio is of
// figures from this run.
//
// `npm run bench -- rpc [--seconds 3] [--rows sequential,loss,…] [--json FILE] [--pictures FOLDER]`: how long each load lasts.
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { print, printHead } from './rpc/figures.mjs';
import loss from './rpc/loss.mjs';
import { stopAll } from './rpc/processes.mjs';
import { bare, pipelined, sequential } from './rpc/rate.mjs';
import { draw } from './serve/picture.mjs';

const rows = { sequential, pipelined, bare, loss };

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rows: { type: 'string', default: Object.keys(rows).join() },
    json: { type: 'string' },
    pictures: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const wanted = values.rows.split(',');
const unknown = wanted.filter((name) => !Object.hasOwn(rows, name));
if (!Number.isInteger(seconds) || seconds < 1 || unknown.length > 0) {
  if (unknown.length > 0)
    console.error(`there is no row ${unknown.join(', ')}; there are: ${Object.keys(rows).join(', ')}`);
  else console.error('--seconds is a whole number, 1 or more');
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void stopAll().finally(() => process.exit(1)));
}

const [{ model }] = cpus();
const machine = `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}`;
console.log(`rpc: ${machine}; the ratio is how many times as good ours is`);
printHead();
const results = [];
try {
  for (const name of wanted) {
    const { figures, pictures } = await rows[name]({ seconds });
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
