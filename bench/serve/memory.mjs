// What a worker adds to the memory of its family: that of the family with four, less that of the family with none, by four.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cluster, truefork } from './contestants.mjs';
import { compared, interleave } from './figures.mjs';
import { askKeepingAlive } from './load.mjs';

const WORKERS = 4;
const ROUNDS = 3;
const REQUESTS = 100_000;
const BARS = { idle: 5, served: 2 };
// After which nothing of the start, or of the requests, goes on.
const REST = 2_000;

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/** @param dismiss has all workers end; `left`: how many processes there are then */
async function addedBy(family, dismiss, left) {
  await sleep(REST);
  const idle = family.memory();
  await askKeepingAlive(family.port, REQUESTS);
  await sleep(REST);
  const served = family.memory();
  await dismiss();
  await family.settled(left);
  const none = family.memory();
  await family.stop();
  return { idle: (idle - none) / WORKERS, served: (served - none) / WORKERS };
}

async function ours() {
  const family = await truefork('express', WORKERS);
  const dismiss = () => promisify(execFile)(process.execPath, [cli, 'scale', String(family.root), '0']);
  // The master and the mold.
  return addedBy(family, dismiss, 2);
}

async function theirs() {
  const family = await cluster('express', WORKERS);
  const dismiss = () => family.announced.forEach((pid) => process.kill(pid, 'SIGTERM'));
  return addedBy(family, dismiss, 1);
}

export default async function memory() {
  const values = await interleave(ROUNDS, { ours, theirs });
  const of = (name, when) => values[name].map((value) => value[when]);
  const figure = (when, what) =>
    compared({
      what,
      unit: 'MB',
      ours: of('ours', when),
      theirs: of('theirs', when),
      peer: 'cluster',
      better: 'less',
      bar: BARS[when],
    });
  return {
    figures: [
      figure('idle', 'memory (PSS) that a worker adds, idle'),
      figure('served', `the same after ${REQUESTS.toLocaleString('en-US')} requests`),
    ],
    pictures: [
      {
        name: 'serve-memory',
        title: 'What a worker adds to the memory of its family (PSS)',
        unit: 'megabytes',
        rows: {
          'truefork, idle': of('ours', 'idle'),
          'cluster, idle': of('theirs', 'idle'),
          'truefork, 100,000 requests': of('ours', 'served'),
          'cluster, 100,000 requests': of('theirs', 'served'),
        },
      },
    ],
  };
}
