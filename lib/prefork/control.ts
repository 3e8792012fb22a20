// How one asks a master for something: a Unix socket in the user's runtime directory, which nobody else can enter. A request
// is a line, `scale 4`; its answer is a line of JSON, `{"result": …}` or `{"error": "…"}`.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { processStat } from '../posix/index.js';
import { LONGEST_PATH } from './address.js';
import { familyFile, removeFile } from './family-files.js';

/** The longest line, in bytes: of a request, and of an answer. */
const LONGEST = { request: 256, answer: 2 ** 20 } as const;

/** As many connections as a master has at a time: further ones are closed. */
const MOST_CONNECTIONS = 64;

/** How long a request may take to come, in milliseconds: then its connection is closed. */
const PATIENCE = 5_000;

/** How often to look whether the master that is asked is stopped, in milliseconds. */
const LOOK = 1_000;

const STOPPED = 'it is stopped (SIGSTOP, or Ctrl-Z), and does what it is told when it goes on';
const HUNG_UP = 'it has ended, or is asked by too many';

/** Does what was asked for. What it answers or throws is the answer. */
export type Handler = (words: readonly string[]) => unknown;

/** The master's end. */
export class Control {
  readonly #handler: Handler;
  readonly #connections = new Set<Socket>();
  /** Of those who have asked for the end of this process, and wait for it. */
  readonly #waiting = new Set<Socket>();
  #server: Server | undefined;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  /** @param failed is told why there is no socket, if it cannot be made */
  open(failed: (error: Error) => void): void {
    let path: string;
    try {
      path = pathOf(process.pid);
      // What is left of an earlier process of the same pid.
      removeFile(path);
    } catch (error) {
      failed(error as Error);
      return;
    }
    // Who has said all that it says waits for its answer.
    const server = createServer({ allowHalfOpen: true }, (connection) => {
      this.#accept(connection);
    });
    server.maxConnections = MOST_CONNECTIONS;
    server.on('error', (error) => {
      this.#server = undefined;
      failed(error);
    });
    // The socket gets its mode as it is made, which is within this call.
    const umask = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(umask);
    }
    this.#server = server.unref();
  }

  /** In the master: removes the socket. Who has asked for the end of this process hears of it from the kernel. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const connection of this.#connections) if (!this.#waiting.has(connection)) connection.destroy();
  }

  /** In a forked child: lets go of what it has a copy of. */
  leave(): void {
    this.#waiting.clear();
    this.close();
  }

  #accept(connection: Socket): void {
    this.#connections.add(connection);
    connection.once('close', () => {
      this.#connections.delete(connection);
      this.#waiting.delete(connection);
    });
    // Whoever asks may go away at any time.
    connection.on('error', () => undefined);
    connection.unref();
    const hangUp = () => connection.destroy();
    const limit = setTimeout(hangUp, PATIENCE).unref();
    firstLine(connection, LONGEST.request)
      .finally(() => {
        clearTimeout(limit);
      })
      .then((line) => this.#answer(connection, line), hangUp);
  }

  async #answer(connection: Socket, line: string): Promise<void> {
    if (endsMaster(line)) this.#waiting.add(connection);
    let answer;
    try {
      answer = { result: (await this.#handler(line.split(' '))) ?? null };
    } catch (error) {
      answer = { error: error instanceof Error ? error.message : String(error) };
    }
    connection.write(`${JSON.stringify(answer)}\n`);
    // Else it stays open: its end tells who waits for it that the master has ended.
    if (connection.readableEnded) connection.end();
    else connection.once('end', () => connection.end());
  }
}

// Node.js 20 takes the beginning of a path that is too long: that may be another master's.
function pathOf(master: number): string {
  const path = familyFile(master, 'control');
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST_PATH) return path;
  throw new RangeError(`the path of a Unix socket has at most ${LONGEST_PATH} bytes, and this has ${bytes}: ${path}`);
}

function endsMaster(request: string): boolean {
  return request.startsWith('stop');
}

function isAnsweredAtOnce(request: string): boolean {
  return /^(status|scale)\b/.test(request);
}

/** The first line that comes; rejected when the other end says no more before, or the line is too long. The rest is dropped. */
function firstLine(connection: Socket, longest: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      const end = chunk.indexOf('\n');
      const piece = end < 0 ? chunk : chunk.subarray(0, end);
      length += piece.length;
      chunks.push(piece);
      if (length > longest) reject(new RangeError('the line is too long'));
      else if (end >= 0) resolve(Buffer.concat(chunks).toString());
      else return;
      connection.off('data', onData).resume();
    };
    connection.on('data', onData);
    connection.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EPIPE' || error.code === 'ECONNRESET' ? new Error(HUNG_UP, { cause: error }) : error);
    });
    for (const event of ['end', 'close']) {
      connection.once(event, () => {
        reject(new Error(HUNG_UP));
      });
    }
  });
}

/** A master refused what it was asked for, or could not do it. */
export class ControlError extends Error {
  readonly code = 'ERR_PREFORK_CONTROL';
  override readonly name = 'ControlError';
}

/**
 * Asks a master of this user for something: `status`, `reload`, `refork`, `upgrade`, `scale N`, `stop`,
 * `stop quick`.
 *
 * @param master its pid
 * @returns its answer; of `stop`, when the master has ended
 * @throws {ControlError} its answer is an error
 * @throws {Error} there is no such master: ENOENT, ECONNREFUSED; it has ended meanwhile; it is asked by too many; it is stopped
 * @throws {RangeError} the path of its socket is too long for one: it has none
 */
export async function askMaster(master: number, request: string): Promise<unknown> {
  const connection = connect(pathOf(master));
  // The kernel takes connections for it: who waits would wait for ever, without a word. What takes its time goes on with it.
  const look = isAnsweredAtOnce(request)
    ? setInterval(() => {
        if (processStat(master)?.state === 'T') connection.destroy(new Error(STOPPED));
      }, LOOK)
    : undefined;
  try {
    const ended = new Promise<void>((resolve) => connection.once('close', resolve));
    const line = firstLine(connection, LONGEST.answer);
    connection.write(`${request}\n`);
    const answer = JSON.parse(await line) as { result?: unknown; error?: string };
    if (answer.error !== undefined) throw new ControlError(answer.error);
    if (endsMaster(request)) await ended;
    return answer.result;
  } finally {
    clearInterval(look);
    connection.destroy();
  }
}
