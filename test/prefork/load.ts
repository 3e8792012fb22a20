// A keep-alive HTTP load: each connection makes one request after the other, and all know whose worker they are on.
import { HttpConnection } from './http-connection';

export interface LostCall {
  /** The worker of the connection; undefined if it had not answered yet. */
  pid: number | undefined;
  code: string | undefined;
}

const running = new Set<Load>();

afterEach(async () => {
  await Promise.all([...running].map((load) => load.stop()));
});

export class Load {
  /** The calls that failed on a connection that was made. */
  readonly lost: LostCall[] = [];
  /** Connections that could not be made, by their errors' codes. */
  readonly refused: (string | undefined)[] = [];
  /** How many calls each worker has answered. */
  readonly answered = new Map<number, number>();
  readonly #port: number;
  readonly #clients: Promise<void>[];
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  /** @param warm connections by their workers, to begin with: where new ones lead, only the kernel knows */
  constructor(port: number, connections: number, warm: ReadonlyMap<number, HttpConnection>) {
    this.#port = port;
    running.add(this);
    this.#clients = Array.from(warm, ([pid, connection]) => this.#client(connection, pid));
    while (this.#clients.length < connections) this.#clients.push(this.#client());
  }

  async #client(warm?: HttpConnection, pid?: number): Promise<void> {
    if (warm) {
      await this.#use(warm, pid);
      warm.close();
    }
    while (!this.#stopped) {
      let connection;
      try {
        connection = await HttpConnection.open(this.#port);
      } catch (error) {
        this.refused.push((error as NodeJS.ErrnoException).code);
        continue;
      }
      await this.#use(connection);
      connection.close();
    }
  }

  async #use(connection: HttpConnection, pid?: number): Promise<void> {
    while (!this.#stopped) {
      try {
        const { body, headers } = await connection.get();
        pid = Number(body);
        this.answered.set(pid, (this.answered.get(pid) ?? 0) + 1);
        for (const look of this.#waiting) look();
        if (headers['connection'] === 'close') return;
      } catch (error) {
        this.lost.push({ pid, code: (error as NodeJS.ErrnoException).code });
        return;
      }
    }
  }

  /** Fulfilled when each of these workers has answered so many calls more than now. */
  async more(calls: number, workers: Iterable<number>): Promise<void> {
    const count = (pid: number) => this.answered.get(pid) ?? 0;
    const wanted = new Map([...workers].map((pid) => [pid, count(pid) + calls]));
    await new Promise<void>((resolve) => {
      const look = () => {
        if (![...wanted].every(([pid, target]) => count(pid) >= target)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    running.delete(this);
    await Promise.all(this.#clients);
  }
}
