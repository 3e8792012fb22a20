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
// After which nothing of the start, or of the requests, goes on; and after which a worker of ours has collected its garbage.
const MOMENT = 2_000;
const REST = 15_000;

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/**
 * The two are measured directly after each other: what its own garbage collector gives back meanwhile is not the workers'.
 *
 * @param dismiss has all workers end; `left`: how many processes there are then
 */
async function addedBy(family, { requests, rest }, dismiss, left) {
  if (requests > 0) await askKeepingAlive(family.port, requests);
  await sleep(rest);
  const four = family.memory();
  await dismiss();
  await family.settled(left);
  const none = family.memory();
  await family.stop();
  return (four - none) / WORKERS;
}

async function ours(moment) {
  const family = await truefork('express', WORKERS);
  const dismiss = () => promisify(execFile)(process.execPath, [cli, 'scale', String(family.root), '0']);
  // The master and the mold.
  return addedBy(family, moment, dismiss, 2);
}

async function theirs(moment) {
  const family = await cluster('express', WORKERS);
  const dismiss = () => family.announced.forEach((pid) => process.kill(pid, 'SIGTERM'));
  return addedBy(family, moment, dismiss, 1);
}

export default async function memory({ quick, times }) {
  const requests = quick ? FEW_REQUESTS : REQUESTS;
  const many = requests.toLocaleString('en-US');
  const moments = {
    idle: { requests: 0, rest: MOMENT, times: 5 },
    [`${many} requests`]: { requests, rest: MOMENT },
    [`${many} requests, ${REST / 1_000} s later`]: { requests, rest: REST, times: 2 },
  };
  const names = Object.keys(moments);
  const measures = names.flatMap((name) => [
    [`truefork, ${name}`, () => ours(moments[name])],
    [`cluster, ${name}`, () => theirs(moments[name])],
  ]);
  const values = await interleave(times(ROUNDS), Object.fromEntries(measures));
  return [
    group({
      name: 'memory',
      title: 'What a worker adds to the memory of its family (PSS)',
      about:
        'The memory of the family with four workers less that with none, by four: before requests, directly after them, and when the server has rested.',
      unit: 'MB',
      better: 'less',
      rows: names.flatMap((name) => [
        row(`truefork, ${name}`, values[`truefork, ${name}`], { ours: true, peers: [`cluster, ${name}`] }),
        row(`cluster, ${name}`, values[`cluster, ${name}`]),
      ]),
      bars: names
        .filter((name) => moments[name].times)
        .map((name) => ({ row: `truefork, ${name}`, peer: `cluster, ${name}`, times: moments[name].times })),
      isPictured: true,
    }),
  ];
}
