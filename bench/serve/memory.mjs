// What a worker adds to the memory of its family: that of the family with four, less that of the family with none, by four.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { group, interleave, row } from '../result.mjs';
import { cluster, truefork } from './contestants.mjs';
import { askKeepingAlive } from './load.mjs';

const WORKERS = 4;
const ROUNDS = 3;
const REQUESTS = 100_000;
const FEW_REQUESTS = 2_000;
const BARS = { idle: 5, served: 2 };
// After which nothing of the start, or of the requests, goes on.
const REST = 2_000;

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/**
 * The two are measured directly after each other: what its own garbage collector gives back meanwhile is not the workers'.
 *
 * @param dismiss has all workers end; `left`: how many processes there are then
 */
async function addedBy(family, requests, dismiss, left) {
  if (requests > 0) await askKeepingAlive(family.port, requests);
  await sleep(REST);
  const four = family.memory();
  await dismiss();
  await family.settled(left);
  const none = family.memory();
  await family.stop();
  return (four - none) / WORKERS;
}

async function ours(requests) {
  const family = await truefork('express', WORKERS);
  const dismiss = () => promisify(execFile)(process.execPath, [cli, 'scale', String(family.root), '0']);
  // The master and the mold.
  return addedBy(family, requests, dismiss, 2);
}

async function theirs(requests) {
  const family = await cluster('express', WORKERS);
  const dismiss = () => family.announced.forEach((pid) => process.kill(pid, 'SIGTERM'));
  return addedBy(family, requests, dismiss, 1);
}

export default async function memory({ quick, times }) {
  const requests = quick ? FEW_REQUESTS : REQUESTS;
  const values = await interleave(times(ROUNDS), {
    'truefork, idle': () => ours(0),
    'cluster, idle': () => theirs(0),
    'truefork, served': () => ours(requests),
    'cluster, served': () => theirs(requests),
  });
  const after = { idle: 'idle', served: `${requests.toLocaleString('en-US')} requests` };
  const moments = Object.entries(after);
  return [
    group({
      name: 'memory',
      title: 'What a worker adds to the memory of its family (PSS)',
      about: 'The memory of the family with four workers less that with none, by four: idle, and after requests.',
      unit: 'MB',
      better: 'less',
      rows: moments.flatMap(([when, text]) => [
        row(`truefork, ${text}`, values[`truefork, ${when}`], { ours: true, peers: [`cluster, ${text}`] }),
        row(`cluster, ${text}`, values[`cluster, ${when}`]),
      ]),
      bars: moments.map(([when, text]) => ({ row: `truefork, ${text}`, peer: `cluster, ${text}`, times: BARS[when] })),
      isPictured: true,
    }),
  ];
}
