// How soon clients know of servers that come and go, and what outages leave of a registration: each figure against its bar.
//
// `npm run bench -- discovery [--runs 50] [--rows gone,hung,…] [--json FILE] [--pictures FOLDER]`: how often each thing is
// measured; those that take seconds less often, as their lines say.
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { print, printHead } from './discovery/figures.mjs';
import gone from './discovery/gone.mjs';
import hung from './discovery/hung.mjs';
import killed from './discovery/killed.mjs';
import outages from './discovery/outages.mjs';
import { stopAll } from './discovery/registrant.mjs';
import { destroyAll, serversMissing } from './discovery/servers.mjs';
import { closeAll } from './discovery/watchers.mjs';
import { draw } from './serve/picture.mjs';

const rows = { gone, killed, hung, outages };

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    rows: { type: 'string', default: Object.keys(rows).join() },
    json: { type: 'string' },
    pictures: { type: 'string' },
  },
});
const runs = Number(values.runs);
const wanted = values.rows.split(',');
const unknown = wanted.filter((name) => !Object.hasOwn(rows, name));
if (!Number.isInteger(runs) || runs < 1 || unknown.length > 0) {
  if (unknown.length > 0)
    console.error(`there is no row ${unknown.join(', ')}; there are: ${Object.keys(rows).join(', ')}`);
  else console.error('--runs is a whole number, 1 or more');
  process.exit(2);
}
const install = serversMissing();
if (install !== undefined) {
  console.error(`ZooKeeper is missing; install it with: ${install}`);
  process.exit(2);
}

async function endAll() {
  await stopAll();
  await closeAll();
  await destroyAll();
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void endAll().finally(() => process.exit(1)));
}

const [{ model }] = cpus();
const machine = `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}`;
console.log(`discovery: ${machine}`);
printHead();
const results = [];
try {
  for (const name of wanted) {
    const { figures, pictures } = await rows[name]({ runs });
    print(figures);
    results.push(...figures.map((figure) => ({ row: name, ...figure })));
    if (values.pictures !== undefined) for (const picture of pictures) draw(values.pictures, picture);
    if (values.json !== undefined)
      writeFileSync(values.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
  }
} finally {
  await endAll();
}

const barred = results.filter(({ held }) => held !== undefined);
const missed = barred.filter(({ held }) => !held);
console.log(`${barred.length - missed.length} of ${barred.length} bars are held`);
if (missed.length > 0) process.exitCode = 1;
