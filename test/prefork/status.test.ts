// What the master knows of its family: MasterStatus, by whatever way one asks.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'truefork';
import type { MasterStatus } from 'truefork/prefork';
import { truefork } from '../cli/truefork';
import { passes, programPath } from '../support/programs';
import { isolated, temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { ask, statusOf, statusPort, statusWhen } from './status-client';

const MEGABYTE = 2 ** 20;

async function up(options: Record<string, unknown> = {}, obstacle = '') {
  const env = isolated();
  const family = await Family.up('prefork-replace.mjs', {
    env,
    options: { statusPort: 0, ...options },
    args: [obstacle],
  });
  return { env, family, port: await statusPort(family) };
}

const kinds = ({ events }: MasterStatus) => events.map(({ kind }) => kind);

test('each worker: who it is, what it does and what it takes', async () => {
  const start = Date.now();
  const { env, family, port } = await up({ workers: 2 });
  for (let n = 0; n < 4; n++) await ask(family.port, '/');
  const status = await statusWhen(port, ({ totals }) => totals.requestsPerSecond > 0);
  expect(status).toMatchObject({
    master: family.master,
    host: '127.0.0.1',
    port: family.port,
    generation: 1,
    wanted: 2,
    replacing: null,
    molds: [],
    stopping: null,
    totals: { requests: 4, forks: 2, exits: 0, restarts: 0, kills: {}, recycles: {} },
    forgotten: 0,
  });
  expect(status.since).toBeGreaterThanOrEqual(start);
  expect(status.time).toBeGreaterThanOrEqual(status.since);
  expect(status.workers.map(({ role, worker, pid, state }) => ({ role, worker, pid, state }))).toEqual(
    family.workers.map((pid, worker) => ({ role: 'worker', worker, pid, state: 'ready' })),
  );
  expect(kinds(status).sort()).toEqual(['fork', 'fork', 'ready', 'ready']);
  for (const { memory, cpu, forkedAt, activeAt, since, lag, requests, restarts } of status.workers) {
    expect(memory?.private).toBeGreaterThan(MEGABYTE / 4);
    expect(memory?.shared).toBeGreaterThan(5 * MEGABYTE);
    expect(memory?.proportional).toBeLessThan((memory?.private ?? 0) + (memory?.shared ?? 0));
    expect(cpu?.share).toBeGreaterThanOrEqual(0);
    expect(forkedAt).toBeGreaterThanOrEqual(start);
    expect(since).toBeGreaterThanOrEqual(start);
    if (requests > 0) expect(activeAt).toBeGreaterThanOrEqual(forkedAt);
    expect(lag).toBeGreaterThanOrEqual(0);
    expect(restarts).toBe(0);
  }
  // The parts of all together: each page once.
  const sum = [status, ...status.workers].reduce((total, { memory }) => total + (memory?.proportional ?? NaN), 0);
  expect(status.totals.memory).toBe(sum);
  expect(status.rates.some((rate) => rate > 0)).toBe(true);

  const told = JSON.parse((await truefork(['status', String(family.master)], env)).stdout) as MasterStatus;
  expect(Object.keys(told)).toEqual(Object.keys(status));
  expect(told).toMatchObject({ master: family.master, wanted: 2, totals: { requests: 4 } });
  await family.stop();
});

test('an end that nobody asked for is a restart of the place, a reload is none', async () => {
  const { family, port } = await up({ workers: 2 });
  const [first = 0] = family.workers;
  kill(first, 'SIGKILL');
  await family.successor(first);
  const status = await statusWhen(port, ({ totals }) => totals.exits === 1);
  expect(status.totals).toMatchObject({ forks: 3, exits: 1, restarts: 1, kills: {} });
  expect(status.workers.map(({ restarts }) => restarts)).toEqual([1, 0]);
  expect(status.events.find(({ kind }) => kind === 'exit')).toMatchObject({
    worker: 0,
    pid: first,
    detail: 'signal=SIGKILL',
    asked: false,
    count: 1,
  });
  const last = family.workers;
  family.program.kill('SIGHUP');
  for (const pid of last) await family.exited(pid);
  const later = await statusWhen(port, ({ totals, replacing }) => totals.exits === 3 && replacing === null);
  expect(later).toMatchObject({ generation: 2, totals: { forks: 5, restarts: 1 } });
  expect(kinds(later).filter((kind) => /^(signal|reload)/.test(kind))).toEqual(['signal', 'reload', 'reloaded']);
  await family.stop();
});

test('a worker that is not wanted any more ends as it was asked to', async () => {
  const { family, port } = await up({ workers: 2 });
  const [, second = 0] = family.workers;
  family.program.kill('SIGTTOU');
  await family.exited(second);
  const { totals, events } = await statusWhen(port, ({ totals: { exits } }) => exits === 1);
  expect(totals).toMatchObject({ forks: 2, restarts: 0 });
  expect(events.find(({ kind }) => kind === 'exit')).toMatchObject({ worker: 1, pid: second, asked: true });
  await family.stop();
});

test('a place whose worker is not there is shown, and none accepts', async () => {
  const obstacle = join(temporaryDirectory(), 'obstacle');
  const { family, port } = await up({ workers: 1 }, obstacle);
  const [worker = 0] = family.workers;
  writeFileSync(obstacle, 'exit');
  kill(worker, 'SIGKILL');
  // The first one is replaced at once; after the next there is a pause.
  const status = await statusWhen(port, ({ workers, totals }) => totals.exits > 1 && workers[0]?.state === 'waiting');
  expect(status.workers).toMatchObject([{ role: 'worker', worker: 0, pid: null, memory: null, cpu: null }]);
  expect(await ask(port, '/healthz')).toMatchObject({ status: 503 });
  rmSync(obstacle);
  const { workers } = await statusWhen(port, ({ workers: [first] }) => first?.state === 'ready');
  expect(workers[0]?.restarts).toBeGreaterThan(1);
  expect(await ask(port, '/healthz')).toMatchObject({ status: 200 });
  await family.stop();
});

test('one that hangs is late, and its kill has a reason', async () => {
  const { family, port } = await up({ workers: 1, timeout: 3_000 });
  const [worker = 0] = family.workers;
  ask(family.port, '/spin').catch(() => undefined);
  const hanging = await statusWhen(port, ({ workers: [first] }) => (first?.lag ?? 0) > 1_000);
  expect(hanging.workers[0]).toMatchObject({ pid: worker, state: 'ready', requests: 1 });
  await family.successor(worker);
  const status = await statusWhen(port, ({ totals }) => totals.exits === 1);
  expect(status.totals).toMatchObject({ kills: { timeout: 1 }, restarts: 1 });
  expect(status.events).toContainEqual(expect.objectContaining({ kind: 'kill', pid: worker, detail: 'timeout' }));
  await family.stop({ stderr: expect.stringMatching(`^process ${worker}: the event loop is blocked by\n`) as string });
});

test('one that a signal has stopped is shown so', async () => {
  const { family, port } = await up({ workers: 1 });
  const [worker = 0] = family.workers;
  kill(worker, 'SIGSTOP');
  await statusWhen(port, ({ workers: [first] }) => first?.state === 'stopped');
  kill(worker, 'SIGCONT');
  await statusWhen(port, ({ workers: [first] }) => first?.state === 'ready');
  await family.stop();
});

test('memory of its own is told as such', async () => {
  const { family, port } = await up({ workers: 1 });
  await statusOf(port);
  await ask(family.port, '/eat');
  await statusWhen(port, ({ workers: [first] }) => (first?.memory?.private ?? 0) > 64 * MEGABYTE);
  await family.stop();
});

test('molds are among its processes, and what a warm one was given as a worker is not forgotten', async () => {
  const family = await Family.up('prefork-mold.mjs', {
    options: { workers: 1, statusPort: 0 },
    args: [programPath('cli-http-server.mjs')],
  });
  const port = await statusPort(family);
  const status = await statusOf(port);
  expect(status).toMatchObject({
    molds: [{ role: 'mold', worker: -1, generation: 1, state: 'ready', requests: 0 }],
    workers: [{ role: 'worker', worker: 0 }],
    totals: { forks: 1 },
  });
  expect(status.molds[0]?.memory?.shared).toBeGreaterThan(MEGABYTE);
  expect(kinds(status)).toEqual(['mold fork', 'mold ready', 'fork', 'ready']);

  for (let n = 0; n < 5; n++) await ask(family.port, '/');
  const [donor = 0] = family.workers;
  family.program.kill('SIGUSR2');
  // When all is replaced, the old ones may be ending still.
  const isDone = ({ replacing, molds, workers }: MasterStatus) =>
    replacing === null && molds.length === 1 && workers.length === 1;
  const warm = await statusWhen(port, (now) => isDone(now) && now.molds[0]?.pid === donor);
  expect(warm).toMatchObject({
    generation: 2,
    molds: [{ pid: donor, generation: 2, requests: 5 }],
    workers: [{ worker: 0, generation: 2, requests: 0, pastRequests: 5 }],
    totals: { requests: 5, restarts: 0, kills: {} },
  });

  family.program.kill('SIGHUP');
  const fresh = await statusWhen(port, (now) => isDone(now) && now.molds[0]?.generation === 3);
  expect(fresh).toMatchObject({ workers: [{ worker: 0, pastRequests: 5 }], totals: { requests: 5 } });
  const told = kinds(fresh).filter((kind) => /^re|^mold/.test(kind) && kind !== 'ready');
  const counts = (kind: string) => told.filter((each) => each === kind).length;
  expect(['reforked', 'reloaded', 'mold fork', 'mold ready'].map(counts)).toEqual([1, 1, 2, 3]);
  expect(fresh.events.filter(({ kind }) => kind === 'mold exit')).toMatchObject([
    { worker: -1, asked: true, detail: 'code=0', count: 2 },
  ]);
  await family.stop();
});

test('what a worker takes is told when the clock has been set back', async () => {
  await passes('prefork-clock.mjs', { env: isolated() });
});

test('the history has its bounds', async () => {
  await passes('prefork-history.mjs', { env: isolated() });
});
