// How long an address is still there when its server has ended: from the signal until the last of the clients has dropped it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { group, interleave, nineOfTen, row } from '../result.mjs';
import { Registrant } from './registrant.mjs';
import { destroy, standalone } from './servers.mjs';
import { Watchers } from './watchers.mjs';

const CLIENTS = 5;
const OTHERS = 2;
const BARS = {
  'file, exit': 20,
  'file, exit of the only one': 20,
  'file, kill -9': 50,
  'ZooKeeper, exit': 50,
  'ZooKeeper, exit of the only one': 50,
};

// Clients read together what follows a change within 50 ms. The server that ends has been there for longer.
const CALM = 100;

/** @param count how many servers there are besides the one that ends */
async function place(url, count) {
  const others = [];
  for (let n = 0; n < count; n++) others.push(await Registrant.start(url));
  return { url, others, watchers: await Watchers.open(url, CLIENTS) };
}

/** @returns in milliseconds, how long a server that gets the signal is still there */
async function once({ url, watchers }, signal) {
  const registrant = await Registrant.start(url);
  await watchers.have(registrant);
  await sleep(CALM);
  const begun = performance.now();
  registrant.kill(signal);
  await watchers.dropped(registrant);
  const lasted = performance.now() - begun;
  await registrant.stop();
  return lasted;
}

export default async function gone({ runs }) {
  const directory = mkdtempSync(join(tmpdir(), 'truefork-bench-'));
  const server = await standalone();
  const places = {
    file: await place(`file://${directory}/some`, OTHERS),
    emptyFile: await place(`file://${directory}/one`, 0),
    zooKeeper: await place(`zk://${server.address}/some`, OTHERS),
    emptyZooKeeper: await place(`zk://${server.address}/one`, 0),
  };
  const values = await interleave(runs, {
    'file, exit': () => once(places.file, 'SIGTERM'),
    'file, exit of the only one': () => once(places.emptyFile, 'SIGTERM'),
    'file, kill -9': () => once(places.file, 'SIGKILL'),
    'ZooKeeper, exit': () => once(places.zooKeeper, 'SIGTERM'),
    'ZooKeeper, exit of the only one': () => once(places.emptyZooKeeper, 'SIGTERM'),
  });
  for (const { others, watchers } of Object.values(places)) {
    await watchers.close();
    for (const other of others) await other.end();
  }
  await destroy(server);
  rmSync(directory, { recursive: true });
  const names = Object.keys(values);
  return [
    group({
      name: 'gone',
      title: `From the signal until the last of ${CLIENTS} clients has dropped the address`,
      about: 'How long the address of a server that has ended is still there.',
      unit: 'ms',
      better: 'less',
      rows: names.map((name) => row(name, values[name], { ours: true })),
      bars: names.map((name) => ({ row: name, longest: BARS[name] })),
      notes: names.map((name) => ({
        what: `${name}: 9 of 10 take at most`,
        value: nineOfTen(values[name]),
        unit: 'ms',
      })),
      isPictured: true,
    }),
  ];
}
