// The metrics as Prometheus would read them.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { kill } from 'truefork';
import { familyFolder, isolated } from '../support/runtime';
import { Family } from './family';
import { ask, statusPort } from './status-client';

interface Metric {
  type: string;
  help: string;
  /** By the label, `worker="0"`, or the empty text. */
  samples: Map<string, number>;
}

/** What a scrape says. Fails where it is not as the text format has to be. */
async function scrape(port: number): Promise<Map<string, Metric>> {
  const { status, headers, body } = await ask(port, '/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const metrics = new Map<string, Metric>();
  let current = '';
  for (const line of body.split('\n').filter(Boolean)) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      expect(metrics.has(name)).toBe(false);
      metrics.set(name, { type: '', help: rest, samples: new Map() });
      current = name;
    } else if (keyword === 'TYPE') {
      expect(name).toBe(current);
      const metric = metrics.get(name);
      if (metric) metric.type = rest;
    } else {
      const [, of, label = '', value] = /^([a-z_]+)(?:\{([a-z]+="[^"\\]*")\})? (\S+)$/.exec(line) ?? [];
      expect([line, of]).toEqual([line, current]);
      expect(Number.isFinite(Number(value))).toBe(true);
      expect(metrics.get(current)?.samples.has(label)).toBe(false);
      metrics.get(current)?.samples.set(label, Number(value));
    }
  }
  return metrics;
}

async function up(workers: number) {
  const family = await Family.up('prefork-replace.mjs', { options: { workers, statusPort: 0 } });
  const port = await statusPort(family);
  const value = async (name: string, label = '') => (await scrape(port)).get(name)?.samples.get(label);
  return { family, port, value };
}

test('they follow the conventions, and the guide has the table of them', async () => {
  const { family, port } = await up(2);
  const metrics = await scrape(port);
  for (const [name, { type, help, samples }] of metrics) {
    expect(name).toMatch(/^truefork_[a-z]+(_[a-z]+)*$/);
    expect(help).toMatch(/\.$/);
    expect(['counter', 'gauge']).toContain(type);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    if (name.startsWith('truefork_worker_')) {
      expect([name, [...samples.keys()].sort()]).toEqual([name, ['worker="0"', 'worker="1"']]);
    }
  }
  const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'prefork.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| `(truefork_\w+)` *\| (\w+) *\| (.+?) *\|$/gm)];
  expect(rows.map(([, ...row]) => row)).toEqual([...metrics].map(([name, { type, help }]) => [name, type, help]));
  await family.stop();
});

test('they tell what has been', async () => {
  const { family, port } = await up(2);
  for (let n = 0; n < 3; n++) await ask(family.port, '/');
  const metrics = await scrape(port);
  const of = (name: string) => Object.fromEntries(metrics.get(name)?.samples ?? []);
  expect(of('truefork_requests_total')).toEqual({ '': 3 });
  expect(Object.values(of('truefork_worker_requests_total')).reduce((a, b) => a + b)).toBe(3);
  expect(of('truefork_worker_up')).toEqual({ 'worker="0"': 1, 'worker="1"': 1 });
  expect(of('truefork_workers')).toMatchObject({ 'state="ready"': 2, 'state="waiting"': 0 });
  expect(of('truefork_forks_total')).toEqual({ '': 2 });
  for (const memory of Object.values(of('truefork_worker_private_memory_bytes')))
    expect(memory).toBeGreaterThan(2 ** 18);
  expect(Math.abs((of('truefork_start_time_seconds')[''] ?? 0) - Date.now() / 1_000)).toBeLessThan(120);
  await family.stop();
});

test('a counter of a worker does not go back when its process is replaced, and has no new label', async () => {
  const { family, port, value } = await up(1);
  for (let n = 0; n < 5; n++) await ask(family.port, '/');
  const [first = 0] = family.workers;
  family.program.kill('SIGHUP');
  await family.exited(first);
  expect(await value('truefork_worker_requests_total', 'worker="0"')).toBe(5);
  await ask(family.port, '/');
  const [second = 0] = family.workers;
  kill(second, 'SIGKILL');
  await family.successor(second);
  const metrics = await scrape(port);
  expect([...(metrics.get('truefork_worker_requests_total')?.samples ?? [])]).toEqual([['worker="0"', 6]]);
  expect([...(metrics.get('truefork_worker_restarts_total')?.samples ?? [])]).toEqual([['worker="0"', 1]]);
  expect(await value('truefork_worker_generation', 'worker="0"')).toBe(2);
  // And when it becomes a mold, and then ends.
  family.program.kill('SIGUSR2');
  await family.program.printed(/reforked generation=3$/m);
  expect(await value('truefork_worker_requests_total', 'worker="0"')).toBe(6);
  expect(await value('truefork_requests_total')).toBe(6);
  family.program.kill('SIGHUP');
  await family.program.printed(/^mold pid=\d+ exited code=0/m);
  expect(await value('truefork_worker_requests_total', 'worker="0"')).toBe(6);
  expect(await value('truefork_requests_total')).toBe(6);
  await family.stop();
});

// The scoreboard is a file that each worker has mapped, and any process of the user may open.
test.each([NaN, Infinity, -1, Number.MAX_VALUE])(
  'whatever a worker has in its cell, %d say, they are numbers',
  async (number) => {
    const env = isolated();
    const family = await Family.up('prefork-replace.mjs', { env, options: { workers: 2, statusPort: 0 } });
    const port = await statusPort(family);
    const file = join(familyFolder(env), `${family.master}.scoreboard`);
    for (const pid of family.workers) {
      const fd = openSync(file, 'r+');
      writeSync(fd, new Float64Array(6).fill(number), 0, 48, cellOf(pid, readFileSync(file)) + 16);
      closeSync(fd);
    }
    await scrape(port);
    for (const pid of family.workers) {
      kill(pid, 'SIGKILL');
      await family.successor(pid);
    }
    await ask(family.port, '/');
    expect((await scrape(port)).get('truefork_requests_total')?.samples.get('')).toBe(1);
    await family.stop();
  },
);

/** Where the cell of a process begins, after 256 bytes and others of 64: with its pid. */
function cellOf(pid: number, scoreboard: Buffer): number {
  for (let at = 256; ; at += 64) if (scoreboard.readInt32LE(at) === pid) return at;
}
