// The apps of examples/express, fastify and koa: served by the command, and by a program of their own.
import { join } from 'node:path';
import { kill } from 'truefork';
import { command, truefork } from '../cli/truefork';
import { HttpConnection } from '../prefork/http-connection';
import { groupOf } from '../support/processes';
import { Program } from '../support/programs';
import { isolated } from '../support/runtime';

const CLIENTS = 6;

const examples = join(__dirname, '..', '..', 'examples');

const ways = {
  'by truefork serve': (name: string, env: NodeJS.ProcessEnv) => {
    const file = join(examples, name, 'app.mjs');
    const args = ['serve', file, '--host', '127.0.0.1', '--workers', '2', '--log-format', 'text'];
    return new Program(command, { args, env });
  },
  'by a program of its own': (name: string, env: NodeJS.ProcessEnv) =>
    new Program(join(examples, name, 'server.mjs'), { env: { ...env, PORT: '0' } }),
};

/** Clients that ask one request after the other, on connections that they keep, and on others that they do not. */
class Clients {
  readonly lost: Error[] = [];
  readonly #pids = new Set<number>();
  readonly #loops: Promise<void>[];
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.#loops = Array.from({ length: CLIENTS }, (_, n) => this.#loop(port, n % 2 === 0 ? Infinity : 1));
  }

  /** @param most how many requests it makes on a connection */
  async #loop(port: number, most: number): Promise<void> {
    while (!this.#stopped) {
      const connection = await HttpConnection.open(port);
      try {
        await this.#use(connection, most);
      } catch (error) {
        this.lost.push(error as Error);
        this.#wake();
      }
      connection.close();
    }
  }

  async #use(connection: HttpConnection, most: number): Promise<void> {
    for (let n = 0; n < most && !this.#stopped; n++) {
      const { status, headers, body } = await connection.get();
      const [, pid] = /^hello from (\d+)$/.exec(body) ?? [];
      if (status !== 200 || pid === undefined) throw new Error(`status ${status}: ${body}`);
      this.#pids.add(Number(pid));
      this.#wake();
      if (headers['connection'] === 'close') return;
    }
  }

  /** The pids that have answered, once there are so many others than these. */
  async others(number: number, than: readonly number[] = []): Promise<number[]> {
    for (;;) {
      const pids = [...this.#pids].filter((pid) => !than.includes(pid));
      if (pids.length >= number) return pids;
      const [error] = this.lost;
      if (error) throw error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }
}

describe.each(['express', 'fastify', 'koa'])('%s', (name) => {
  test.each(Object.entries(ways))(
    'answers from several workers, loses no request in a reload, and stops, %s',
    async (_, start) => {
      const env = isolated();
      const program = start(name, env);
      const [, port, workers] = await program.logged(/^master pid=\d+ listening host=\S+ port=(\d+) workers=(\d+)$/m);
      // Of a machine with one processor, one.
      const several = Math.min(2, Number(workers));
      await program.logged(new RegExp(`(^worker=\\d+ pid=\\d+ ready[^]*){${workers}}`, 'm'));
      const clients = new Clients(Number(port));
      try {
        const old = await clients.others(several);
        expect(await truefork(['reload', String(program.pid)], env)).toMatchObject({ code: 0, stderr: '' });
        await clients.others(several, old);
        for (const pid of old) await program.logged(new RegExp(`^worker=\\d+ pid=${pid} exited code=0$`, 'm'));
      } finally {
        await clients.stop();
      }
      expect(clients.lost).toEqual([]);
      kill(program.pid, 'SIGTERM');
      const { code, stderr } = await program.finished();
      expect(code).toBe(0);
      expect(stderr).not.toMatch(/ killing /);
      expect(groupOf(program.pid)).toEqual([]);
    },
  );
});
