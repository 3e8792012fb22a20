// A keep-alive HTTP load: each connection makes one request after the other, and all know whose worker they are on.
import { HttpConnection } from './http-connection';

export interface LostCall {
  /** The worker of the connection; undefined if it had not answered yet. */
  pid: number | undefined;
  code: string | undefined;
}

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

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#clients = Array.from({ length: connections }, () => this.#client());
  }

  async #client(): Promise<void> {
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

  async #use(connection: HttpConnection): Promise<void> {
    let pid: number | undefined;
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
    await Promise.all(this.#clients);
  }
}
