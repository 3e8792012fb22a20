// The application of `truefork serve`: what a file exports. It may do anything while it is loaded.
import type { RequestListener } from 'node:http';
import { Server } from 'node:net';
import { inspect } from 'node:util';
import { MAP_ANONYMOUS, MAP_SHARED, mmap, munmap, PROT_READ, PROT_WRITE } from '../posix/index.js';
import { createAppServer, PreforkError } from '../prefork/index.js';
import { endWith, exitCodeOf, exitCodes, Failure } from './exit-codes.js';
import { exportsOf, loadedOr } from './file-exports.js';

/** What a worker does last. */
type LastAct = () => void | Promise<void>;

/** What a file exports. */
interface Application {
  readonly server: Server;
  readonly beforeWorkerExit: LastAct;
}

/** What it has by default is a server, a request listener, or a function that makes either. */
async function applicationFrom(file: string): Promise<Application> {
  let exported, beforeWorkerExit;
  try {
    const { byDefault, named } = await exportsOf(file);
    exported = isFactory(byDefault) ? await byDefault() : byDefault;
    beforeWorkerExit = named('beforeWorkerExit') ?? (() => undefined);
  } catch (error) {
    // With its stack: the mistake is in somebody's program, and they want to know where.
    throw new Failure('application', `${file} could not be loaded: ${inspect(error)}`, error);
  }
  if (typeof beforeWorkerExit !== 'function') {
    throw new Failure('servable', `what ${file} exports as beforeWorkerExit must be a function`);
  }
  return { server: serverOf(exported, file), beforeWorkerExit: beforeWorkerExit as LastAct };
}

function serverOf(exported: unknown, file: string): Server {
  if (exported instanceof Server) {
    if (!exported.listening) return exported;
    throw new Failure('servable', `${file} exports a server that listens already, which is for truefork to do`);
  }
  if (typeof exported === 'function') return createAppServer(exported as RequestListener);
  throw new Failure(
    'servable',
    `${file} must export by default a server of net, http, https or http2, a listener (request, response) => …, or a function without parameters that returns one; it need not listen, truefork does`,
  );
}

// A request listener takes the request and the response: Express's and Koa's do.
function isFactory(value: unknown): value is () => unknown {
  return typeof value === 'function' && value.length < 2;
}

/**
 * What a file exports.
 *
 * @param file its absolute path
 * @param ended is told, as the process ends, that the file has ended it meanwhile, or waits for what never comes
 * @throws {Failure} application, servable
 */
export function loaded(file: string, ended: (failure: Failure) => void = endWith): Promise<Application> {
  return loadedOr(
    () => applicationFrom(file),
    (how) => {
      ended(new Failure('application', `${file} ${how}`));
    },
  );
}

const MOST_SAID = 2 ** 16; // bytes

// By these a master ends a mold, or a worker.
const stops = ['SIGTERM', 'SIGQUIT', 'SIGINT', 'SIGTTOU'] as const;

/**
 * Loads the application in molds, or in workers. One that cannot ends with the exit code for it, and says why: until the server
 * has started to the master, which may have to tell somebody else; later to stderr.
 */
export class Loader {
  readonly #file: string;
  /** What is said last, and a null byte: memory that all share with the master, until the server has started. */
  #said: Buffer<ArrayBuffer> | undefined;
  #beforeWorkerExit: LastAct = () => undefined;

  /** @param file its absolute path */
  constructor(file: string) {
    this.#file = file;
    this.#said = Buffer.from(mmap(null, MOST_SAID, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  }

  /** In a mold, or a worker: the server. */
  async load(): Promise<Server> {
    const { ppid } = process;
    let told = false;
    const onStop = () => {
      told = true;
    };
    for (const signal of stops) process.prependListener(signal, onStop);
    try {
      const { server, beforeWorkerExit } = await loaded(this.#file, (failure) => {
        // Else it is the master who has ended it, or has ended.
        if (!told && process.ppid === ppid) this.#endWith(failure);
      });
      this.#beforeWorkerExit = beforeWorkerExit;
      return server;
    } catch (error) {
      this.#endWith(error as Failure);
      return process.exit();
    } finally {
      for (const signal of stops) process.off(signal, onStop);
      this.started();
    }
  }

  /** In a worker, which has loaded it, or its mold. */
  beforeWorkerExit(): void | Promise<void> {
    return this.#beforeWorkerExit();
  }

  /** In the master: why the server has not started; what was said, if the application could not be loaded. */
  reasonOf(error: unknown): unknown {
    if (!(error instanceof PreforkError)) return error;
    const { code, status } = error;
    if (code !== 'ERR_PREFORK_MOLD' && code !== 'ERR_PREFORK_BOOT') return error;
    const said = this.#said?.subarray(0, this.#said.indexOf(0)).toString() ?? '';
    if (said === '') return error;
    const wasServable = status?.state === 'exited' && status.code === exitCodes.servable.code;
    return new Failure(wasServable ? 'servable' : 'application', said, error);
  }

  /** What molds have to say from now on, nobody else has to be told. */
  started(): void {
    if (this.#said) munmap(this.#said.buffer);
    this.#said = undefined;
  }

  #endWith(failure: Failure): void {
    if (!this.#said) {
      endWith(failure);
      return;
    }
    this.#said.write(`${failure.message.slice(0, MOST_SAID / 4)}\0`);
    process.exitCode = exitCodeOf(failure);
  }
}
