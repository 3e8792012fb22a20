// An HTTP load: connections that make one request after the other and know whose worker they are on, and such as make one.
import { HttpConnection, type Answer } from './http-connection';

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
  readonly #at: number | string;
  readonly #clients: Promise<void>[];
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  /**
   * @param at a port, or the path of a Unix socket
   * @param connections that are kept
   * @param warm connections by their workers, to begin with: where new ones lead, only the kernel knows
   * @param short clients that make a connection for each request
   */
  constructor(
    at: number | string,
    connections: number,
    warm: ReadonlyMap<number, HttpConnection> = new Map(),
    short = 0,
  ) {
    this.#at = at;
    running.add(this);
    this.#clients = Array.from(warm, ([pid, connection]) => this.#client(connection, pid));
    while (this.#clients.length < connections) this.#clients.push(this.#client());
    for (let n = 0; n < short; n++) this.#clients.push(this.#shortClient());
  }

  async #client(warm?: HttpConnection, pid?: number): Promise<void> {
    if (warm) {
      await this.#use(warm, pid);
      warm.close();
    }
    while (!this.#stopped) {
      const connection = await this.#connect();
      if (!connection) continue;
      await this.#use(connection);
      connection.close();
    }
  }

  async #shortClient(): Promise<void> {
    while (!this.#stopped) {
      const connection = await this.#connect();
      if (connection) await this.#call(connection, undefined);
      connection?.close();
    }
  }

  async #connect(): Promise<HttpConnection | undefined> {
    try {
      return await HttpConnection.open(this.#at);
    } catch (error) {
      this.refused.push((error as NodeJS.ErrnoException).code);
      return undefined;
    }
  }

  async #use(connection: HttpConnection, pid?: number): Promise<void> {
    while (!this.#stopped) {
      const answer = await this.#call(connection, pid);
      if (!answer || answer.headers['connection'] === 'close') return;
      pid = Number(answer.body);
    }
  }

  async #call(connection: HttpConnection, pid: number | undefined): Promise<Answer | undefined> {
    try {
      const answer = await connection.get();
      const worker = Number(answer.body);
      this.answered.set(worker, (this.answered.get(worker) ?? 0) + 1);
      for (const look of this.#waiting) look();
      return answer;
    } catch (error) {
      this.lost.push({ pid, code: (error as NodeJS.ErrnoException).code });
      return undefined;
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
