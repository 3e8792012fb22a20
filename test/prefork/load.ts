// An HTTP load: each keep-alive connection makes one request after the other, and all know whose worker they are on. Others make
// one request on each connection.
import { HttpConnection, type Answer } from './http-connection';

export interface LostCall {
  /** The worker of the connection; undefined if it had not answered yet. */
  pid: number | undefined;
  code: string | undefined;
}

interface LoadOptions {
  /** How many clients make a connection for each request, beside those of the keep-alive connections. */
  oneShot?: number;
  /** Called before a connection is made. What it returns looks at each answer that comes on it. */
  judge?: () => (answer: Answer) => void;
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
  readonly #judge: () => (answer: Answer) => void;
  readonly #clients: Promise<void>[];
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  /**
   * @param at a port, or the path of a Unix socket
   * @param warm connections by their workers, to begin with: where new ones lead, only the kernel knows
   */
  constructor(
    at: number | string,
    connections: number,
    warm: ReadonlyMap<number, HttpConnection> = new Map(),
    { oneShot = 0, judge = () => () => undefined }: LoadOptions = {},
  ) {
    this.#at = at;
    this.#judge = judge;
    running.add(this);
    this.#clients = Array.from(warm, ([pid, connection]) => this.#keepAlive(connection, pid));
    while (this.#clients.length < connections) this.#clients.push(this.#keepAlive());
    for (let n = 0; n < oneShot; n++) this.#clients.push(this.#client(1));
  }

  async #keepAlive(warm?: HttpConnection, pid?: number): Promise<void> {
    if (warm) {
      await this.#use(warm, this.#judge(), Infinity, pid);
      warm.close();
    }
    await this.#client(Infinity);
  }

  /** @param most how many requests it makes on a connection */
  async #client(most: number): Promise<void> {
    while (!this.#stopped) {
      let connection;
      const judge = this.#judge();
      try {
        connection = await HttpConnection.open(this.#at);
      } catch (error) {
        this.refused.push((error as NodeJS.ErrnoException).code);
        continue;
      }
      await this.#use(connection, judge, most);
      connection.close();
    }
  }

  async #use(connection: HttpConnection, judge: (answer: Answer) => void, most: number, pid?: number): Promise<void> {
    for (let n = 0; n < most && !this.#stopped; n++) {
      try {
        const answer = await connection.get();
        const { body, headers } = answer;
        pid = Number(body);
        judge(answer);
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
