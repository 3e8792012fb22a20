// Which connections a worker takes: those that come in its turn, and no more than it may have. What comes then waits, and
// nothing is lost.
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kill } from 'truefork';
import { waitedForProcessor } from '../support/processes';
import { nodes } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';
import { Family } from './family';
import { HttpConnection } from './http-connection';

interface Client {
  connection: HttpConnection;
  /** The worker that has it, when it has answered. */
  pid: Promise<number>;
  /** The same, once it is known. */
  served?: number;
}

async function open(port: number): Promise<Client> {
  const connection = await HttpConnection.open(port);
  const pid = connection.get().then(({ body }) => (client.served = Number(body)));
  // It may be ended while it waits.
  pid.catch(() => undefined);
  const client: Client = { connection, pid };
  return client;
}

/** So many clients, when so many of them are served. */
async function clients(port: number, count: number, served: number): Promise<Client[]> {
  const all = await Promise.all(Array.from({ length: count }, () => open(port)));
  let left = served;
  await new Promise<void>((resolve) => {
    const look = () => {
      if (--left === 0) resolve();
    };
    for (const { pid } of all) pid.then(look, () => undefined);
  });
  return all;
}

/** Those that have been served, by their workers, after some more requests on each. */
async function byWorker(all: readonly Client[]): Promise<Map<number, Client[]>> {
  const workers = new Map<number, Client[]>();
  for (const client of all.filter(({ served }) => served !== undefined)) {
    for (let n = 0; n < 5; n++) expect(Number((await client.connection.get()).body)).toBe(client.served);
    workers.set(client.served ?? 0, [...(workers.get(client.served ?? 0) ?? []), client]);
  }
  return workers;
}

const waiting = (all: readonly Client[]) => all.filter(({ served }) => served === undefined);

function up(options: Record<string, unknown>, node?: string) {
  return Family.up('prefork-http.mjs', { node, options });
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('connections go to the workers in turn', async () => {
    const family = await up({ workers: 6 }, node);
    const { workers } = family;
    const all: Client[] = [];
    const serve = async () => {
      const client = await open(family.port);
      all.push(client);
      return await client.pid;
    };
    // A worker joins the queue with its first connection. Before that it has none for as long as it gets no processor, which may
    // be longer than the others need for a hundred.
    const queued = new Set<number>();
    while (queued.size < workers.length) queued.add(await serve());
    const turns: number[] = [];
    for (let n = 0; n < 120; n++) turns.push(workers.indexOf(await serve()));
    const shares = workers.map((_, place) => turns.filter((turn) => turn === place).length);
    if (Math.max(...shares) > 5 * Math.min(...shares)) {
      const waited = workers.map((pid) => Math.round(waitedForProcessor(pid))).join(' ');
      throw new Error(
        `the workers have ${shares.join(' ')}, in turns ${turns.join(' ')}, having waited ${waited} ms to run`,
      );
    }
    for (const { connection } of all) connection.close();
    await family.stop();
  });

  test('two workers of three connections serve six of eight, and the others as those close', async () => {
    const family = await up({ workers: 2, maxConnections: 3 }, node);
    const all = await clients(family.port, 8, 6);
    const workers = await byWorker(all);
    expect([...workers.keys()].sort()).toEqual([...family.workers].sort());
    expect([...workers.values()].map(({ length }) => length)).toEqual([3, 3]);
    expect(waiting(all)).toHaveLength(2);
    for (const [pid, [client]] of workers) {
      const before = waiting(all);
      client?.connection.close();
      // Whoever has room takes the one that waits, and no other.
      expect(await Promise.race(before.map((each) => each.pid))).toBe(pid);
      await byWorker(all.filter((each) => each !== client && each.served !== undefined).slice(-1));
      expect(waiting(all)).toHaveLength(before.length - 1);
    }
    for (const { connection } of all) connection.close();
    await family.stop();
  });

  test('short connections, more than there is room for at a time, are all served', async () => {
    const family = await up({ workers: 2, maxConnections: 1 }, node);
    const { workers } = family;
    let left = 300;
    const pids = new Set<number>();
    const client = async () => {
      // One worker may have served so many before the other gets a processor.
      while (left-- > 0 || pids.size < workers.length) {
        const { connection, pid } = await open(family.port);
        pids.add(await pid);
        connection.close();
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    expect([...pids].sort()).toEqual([...workers].sort());
    await family.stop();
  });

  test('a worker at capacity retires and stops, and the one that takes its place has the same', async () => {
    const family = await up({ workers: 1, maxConnections: 2 }, node);
    let all = await clients(family.port, 3, 2);
    for (const replace of [
      (worker: number) => {
        kill(worker, 'SIGTTOU');
      },
      () => {
        family.program.kill('SIGHUP');
      },
    ]) {
      // The successor of the last one may have answered before its master's log is read.
      while (family.workers.length === 0) await sleep(5);
      const [worker = 0] = family.workers;
      const [next] = waiting(all);
      replace(worker);
      // It ends its connections one after the other, each with an answer.
      const served = all.filter((each) => each.served === worker);
      expect(served).toHaveLength(2);
      await Promise.all(
        served.map(async ({ connection }) => {
          while ((await connection.get()).headers['connection'] !== 'close');
          expect(await connection.ended()).toBe('END');
        }),
      );
      const successor = await next?.pid;
      expect(successor).not.toBe(worker);
      const more = await clients(family.port, 2, 1);
      all = [...(next ? [next] : []), ...more];
      expect((await byWorker(all)).get(successor ?? 0)).toHaveLength(2);
      expect(waiting(all)).toHaveLength(1);
    }
    for (const { connection } of all) connection.close();
    family.program.kill('SIGUSR2');
    await family.program.printed(/reforked generation=/);
    await family.replaced();
    all = await clients(family.port, 3, 2);
    expect(waiting(all)).toHaveLength(1);
    const ended = all.filter(({ served }) => served !== undefined).map(({ connection }) => connection.ended());
    family.program.kill('SIGTERM');
    expect(await Promise.all(ended)).toEqual(['END', 'END']);
    expect(await family.ended()).not.toMatch(/killing/);
  });
});

test('capacity survives that workers are replaced by the number of their requests', async () => {
  const family = await up({ workers: 1, maxConnections: 2, maxRequests: 20 });
  const [first = 0] = family.workers;
  const all = await clients(family.port, 3, 2);
  const [next] = waiting(all);
  await Promise.all(
    all
      .filter(({ served }) => served === first)
      .map(async ({ connection }) => {
        while ((await connection.get()).headers['connection'] !== 'close');
      }),
  );
  const successor = await next?.pid;
  expect(successor).not.toBe(first);
  const more = await clients(family.port, 2, 1);
  expect(waiting(more)).toHaveLength(1);
  await family.stop();
});

test.each([
  ['a shared socket', {}],
  ['a socket for each worker', { reusePort: true }],
])('a server that is not HTTP has a capacity on %s', async (_, options) => {
  const family = await Family.up('prefork-echo.mjs', { options: { workers: 1, maxConnections: 1, ...options } });
  const [worker = 0] = family.workers;
  const one = connect(family.port, '127.0.0.1');
  await once(one, 'data');
  const two = connect(family.port, '127.0.0.1');
  await once(two, 'connect');
  let told = false;
  const first = once(two, 'data').then(([data]) => {
    told = true;
    return String(data);
  });
  for (let n = 0; n < 20; n++) {
    one.write('x');
    await once(one, 'data');
  }
  expect(told).toBe(false);
  one.end();
  expect(await first).toBe(`${worker}\n`);
  two.end();
  await family.stop();
});

test('a Unix socket has a capacity, too', async () => {
  const path = join(temporaryDirectory(), 'socket');
  const family = new Family('prefork-listen.mjs', { options: { path, maxConnections: 1 } });
  await family.program.printed(/^address /m);
  const [one, two] = [new HttpConnection(connect(path)), new HttpConnection(connect(path))];
  const answers = [one.get(), two.get()];
  const first = await Promise.race(answers.map((answer, n) => answer.then(() => n)));
  (first === 0 ? one : two).close();
  expect((await answers[1 - first])?.status).toBe(200);
  await family.stop();
});
