import { availableParallelism } from 'node:os';
import { Aborts, type Abortable } from '../aborts.js';
import { abortSignal, callback, integer, object } from '../mistakes.js';
import { atfork, type ExitStatus } from '../posix/index.js';
import { PoolClosedError, PoolTerminatedError, WorkerDiedError } from './errors.js';
import { stream } from './pool-stream.js';
import type { AnyFunction, Outcome } from './pool-task.js';
import { PoolWorker } from './pool-worker.js';
import { rebuild } from './remote-error.js';

const MOST_PROCESSES = 1024;
const MOST_ITEMS = 2 ** 31 - 1;
// Of `map`: small enough that no worker has much left when the others have nothing, and as in Python.
const CHUNKS_A_PROCESS = 4;
// Of `imap`: one that a worker has, and one for when that is done.
const AHEAD_A_PROCESS = 2;

/** Of a single call of a pool. */
export interface TaskOptions {
  /**
   * Gives up: the result is the signal's reason. What has not been begun is not; a worker that is at it is killed, and another
   * takes its place.
   */
  signal?: AbortSignal;
}

/** Of a call of a pool for many items. */
export interface MapOptions extends TaskOptions {
  /** How many items a worker is given at a time, 1 or more. Default of `map` and `starmap`: a fourth of a worker's share; else 1. */
  chunksize?: number;
}

interface Chunk {
  readonly id: number;
  readonly items: readonly unknown[];
  readonly spread: boolean;
  readonly job: Job;
  /** How many workers have died that had been given it and had not begun with it. */
  readonly deaths: number;
  readonly resolve: (results: unknown[]) => void;
  readonly reject: (reason: unknown) => void;
}

/** One call, of as many chunks as it takes. */
interface Job extends Abortable {
  readonly call: AnyFunction;
  readonly signal: AbortSignal | undefined;
  /** Nobody waits for it any more. */
  isOver: boolean;
}

const aborts = new Aborts();

/**
 * Processes that compute: forks of this one, made when there is something to do, so they have all that it has loaded, and know its
 * functions with what these refer to, as it was at that moment. For a function that they do not know yet new ones are forked.
 *
 * Items and results are structured clones. What a function throws is thrown here, with its name, message, stack, cause and
 * properties. A worker that dies fails what it was at, with `WorkerDiedError`, and nothing else: what it had not begun with, the one
 * does that takes its place.
 *
 * A function may be async. While it waits, the event loop of the worker turns, and what was pending here at the fork, a timer
 * say, goes on there, too. Workers without work do not keep this process alive, and none outlives it.
 *
 * @example
 * await using pool = new Pool(4);
 * console.log(await pool.map((n) => n * n, [1, 2, 3])); // [ 1, 4, 9 ]
 */
export class Pool implements AsyncDisposable {
  /** How many workers there may be. */
  readonly processes: number;
  readonly #numbers = new WeakMap<AnyFunction, number>();
  readonly #functions = new Map<number, WeakRef<AnyFunction>>();
  readonly #workers = new Set<PoolWorker>();
  readonly #ending = new Set<PoolWorker>();
  readonly #atWork = new Map<PoolWorker, Chunk>();
  readonly #joining: (() => void)[] = [];
  readonly #takeHookBack: () => void;
  #waiting: Chunk[] = [];
  #lastNumber = 0;
  #forking = 0;
  #state: 'open' | 'closed' | 'terminated' = 'open';

  /** @param processes how many workers, 1 to 1,024. Default: one for each processor that this process may use */
  constructor(processes: number = availableParallelism()) {
    this.processes = integer('processes', processes, 1, MOST_PROCESSES);
    this.#takeHookBack = atfork({
      child: () => {
        this.#leave();
      },
    });
  }

  /** The pids of the workers there are at this moment. */
  get pids(): number[] {
    return [...this.#workers, ...this.#ending].map(({ pid }) => pid);
  }

  /**
   * Calls a function in a worker.
   *
   * @returns its result
   * @throws {unknown} what it throws
   * @throws {WorkerDiedError} the worker has died with it
   * @throws {ForkUnsafeError | PosixError} there is no worker, and none can be forked
   * @throws {PoolClosedError} the pool is closed
   */
  async apply<A extends unknown[], R>(
    call: (...parameters: A) => R,
    parameters: readonly [...A] = [] as unknown as A,
    options: TaskOptions = {},
  ): Promise<Awaited<R>> {
    const [result] = await this.#all(call, [parameters], true, options);
    return result as Awaited<R>;
  }

  /**
   * Calls a function with each of the items, in the workers.
   *
   * @returns the results, in the order of the items
   * @throws as `apply`; what the first call throws that fails: those that are at work then are not waited for
   */
  async map<T, R>(call: (item: T) => R, items: Iterable<T>, options: MapOptions = {}): Promise<Awaited<R>[]> {
    return (await this.#all(call, [...items], false, options)) as Awaited<R>[];
  }

  /** As `map`, for a function of several arguments: each item is a list of them. */
  async starmap<A extends unknown[], R>(
    call: (...parameters: A) => R,
    items: Iterable<readonly [...A]>,
    options: MapOptions = {},
  ): Promise<Awaited<R>[]> {
    return (await this.#all(call, [...items], true, options)) as Awaited<R>[];
  }

  /**
   * Calls a function with each of the items, and gives the results one by one, in the order of the items. Items are asked for as
   * workers are free and results are taken: there may be any number of them.
   *
   * @throws as `map`, at the place of the item; that is the end
   */
  imap<T, R>(
    call: (item: T) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions = {},
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    return this.#stream(call, items, true, options);
  }

  /** As `imap`, but each result as soon as it is there. */
  imapUnordered<T, R>(
    call: (item: T) => R,
    items: Iterable<T> | AsyncIterable<T>,
    options: MapOptions = {},
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    return this.#stream(call, items, false, options);
  }

  /** Takes nothing more; what it has been given is done. Again is no mistake. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closed';
    this.#dispatch();
  }

  /**
   * Waits until the workers have ended.
   *
   * @throws {Error} ERR_POOL_OPEN: the pool has neither been closed nor terminated
   */
  async join(): Promise<void> {
    if (this.#state === 'open') {
      throw Object.assign(new Error('the pool is open: close() or terminate() it first'), { code: 'ERR_POOL_OPEN' });
    }
    if (this.#isOver()) return;
    await new Promise<void>((resolve) => this.#joining.push(resolve));
  }

  /** Ends the workers at once; what is not done is rejected with `PoolTerminatedError`. Again is no mistake. */
  terminate(): void {
    if (this.#state === 'terminated') return;
    this.#state = 'terminated';
    const chunks = [...this.#waiting, ...this.#atWork.values()];
    this.#waiting = [];
    this.#atWork.clear();
    for (const { reject } of chunks) reject(new PoolTerminatedError());
    for (const worker of [...this.#workers, ...this.#ending]) worker.kill();
    this.#tellJoined();
  }

  /** Terminates it, and waits until the workers have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.terminate();
    await this.join();
  }

  async #all(
    call: AnyFunction,
    items: readonly unknown[],
    spread: boolean,
    { chunksize, signal }: MapOptions,
  ): Promise<unknown[]> {
    const share = Math.ceil(items.length / (this.processes * CHUNKS_A_PROCESS));
    const size = integer('options.chunksize', chunksize ?? Math.max(share, 1), 1, MOST_ITEMS);
    const job = this.#begin(call, signal);
    try {
      const chunks = [];
      for (let at = 0; at < items.length; at += size)
        chunks.push(this.#submit(job, items.slice(at, at + size), spread));
      return (await Promise.all(chunks)).flat(1);
    } finally {
      this.#end(job);
    }
  }

  async *#stream<T, R>(
    call: (item: T) => R,
    items: Iterable<T> | AsyncIterable<T>,
    ordered: boolean,
    options: MapOptions,
  ): AsyncGenerator<Awaited<R>, void, undefined> {
    const { chunksize = 1, signal } = object('options', options);
    integer('options.chunksize', chunksize, 1, MOST_ITEMS);
    const job = this.#begin(call, signal);
    try {
      yield* stream({
        items,
        chunksize,
        ahead: AHEAD_A_PROCESS * this.processes,
        ordered,
        signal,
        submit: (chunk) => this.#submit(job, chunk, false) as Promise<Awaited<R>[]>,
      });
    } finally {
      this.#end(job);
    }
  }

  #begin(call: AnyFunction, signal: AbortSignal | undefined): Job {
    callback('call', call);
    abortSignal('options.signal', signal)?.throwIfAborted();
    const job: Job = {
      call,
      signal,
      isOver: false,
      abort: (reason) => {
        this.#withdraw(job, reason);
        this.#killThoseAt(job, reason);
      },
    };
    if (signal) aborts.add(signal, job);
    return job;
  }

  #end(job: Job): void {
    if (job.signal) aborts.delete(job.signal, job);
    this.#withdraw(job, undefined);
  }

  #numberOf(call: AnyFunction): number {
    const known = this.#numbers.get(call);
    if (known !== undefined) return known;
    const number = ++this.#lastNumber;
    this.#numbers.set(call, number);
    this.#functions.set(number, new WeakRef(call));
    return number;
  }

  #submit(job: Job, items: readonly unknown[], spread: boolean): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      if (this.#state !== 'open') throw new PoolClosedError();
      job.signal?.throwIfAborted();
      this.#waiting.push({ id: this.#numberOf(job.call), items, spread, job, deaths: 0, resolve, reject });
      this.#dispatch();
    });
  }

  // What has not been begun is not done.
  #withdraw(job: Job, reason: unknown): void {
    job.isOver = true;
    const dropped = this.#waiting.filter((chunk) => chunk.job === job);
    this.#waiting = this.#waiting.filter((chunk) => chunk.job !== job);
    for (const { reject } of dropped) reject(reason);
  }

  #killThoseAt(job: Job, reason: unknown): void {
    for (const [worker, chunk] of this.#atWork) {
      if (chunk.job !== job) continue;
      chunk.reject(reason);
      worker.kill();
    }
  }

  #dispatch(): void {
    for (;;) {
      const [chunk] = this.#waiting;
      const worker = chunk && this.#idle().find(({ knows }) => knows >= chunk.id);
      if (!worker) break;
      this.#waiting.shift();
      this.#atWork.set(worker, chunk);
      this.#order(worker, chunk);
    }
    this.#adjust();
  }

  #order(worker: PoolWorker, { id, items, spread, reject }: Chunk): void {
    worker.order({ id, items, spread }).catch((error: unknown) => {
      reject(error);
      this.#free(worker);
    });
  }

  // It has done, or has not got, what it was to do.
  #free(worker: PoolWorker): void {
    this.#atWork.delete(worker);
    if (this.#workers.has(worker)) worker.rest();
    this.#dispatch();
  }

  #idle(): PoolWorker[] {
    return [...this.#workers].filter((worker) => !this.#atWork.has(worker));
  }

  // As many workers as there is work for: those that do not know what to do make room for those that will.
  #adjust(): void {
    const wanted = this.#waiting.length - this.#forking;
    const idle = this.#idle();
    const over = this.#state !== 'open' && this.#waiting.length === 0;
    const missing = wanted - (this.processes - this.#workers.size - this.#forking);
    for (const worker of over ? idle : idle.slice(0, Math.max(missing, 0))) this.#retire(worker);
    const room = this.processes - this.#workers.size - this.#forking;
    for (let n = 0; n < Math.min(wanted, room); n++) this.#fork();
    this.#tellJoined();
  }

  #retire(worker: PoolWorker): void {
    this.#workers.delete(worker);
    this.#ending.add(worker);
    void worker.order(null);
  }

  #fork(): void {
    this.#forking++;
    // Not in the midst of what the caller does: in the worker, that would go on.
    setImmediate(() => {
      this.#forking--;
      if (this.#waiting.length === 0) {
        this.#tellJoined();
        return;
      }
      try {
        const worker = PoolWorker.fork(this.#known(), this.#lastNumber, this.#events);
        if (!worker) return;
        this.#workers.add(worker);
      } catch (error) {
        this.#cannotFork(error);
      }
      this.#dispatch();
    });
  }

  // Those there are do it, if they can.
  #cannotFork(error: unknown): void {
    const known = Math.max(0, ...[...this.#workers].map(({ knows }) => knows));
    const lost = this.#waiting.filter(({ id }) => id > known);
    this.#waiting = this.#waiting.filter(({ id }) => id <= known);
    for (const { reject } of lost) reject(error);
  }

  // The functions that anybody could still ask for.
  #known(): Map<number, AnyFunction> {
    const known = new Map<number, AnyFunction>();
    for (const [number, reference] of this.#functions) {
      const call = reference.deref();
      if (call) known.set(number, call);
      else this.#functions.delete(number);
    }
    return known;
  }

  readonly #events = {
    outcome: (worker: PoolWorker, outcome: Outcome): void => {
      const chunk = this.#atWork.get(worker);
      if ('results' in outcome) chunk?.resolve(outcome.results);
      else chunk?.reject(rebuild(outcome.error));
      this.#free(worker);
    },
    ended: (worker: PoolWorker, status: ExitStatus | undefined): void => {
      const chunk = this.#atWork.get(worker);
      this.#atWork.delete(worker);
      this.#workers.delete(worker);
      this.#ending.delete(worker);
      // All that there were may have been killed. After so many, it is what they die of before they can begin.
      if (chunk && !worker.hasBegun && !chunk.job.isOver && chunk.deaths < this.processes)
        this.#waiting.unshift({ ...chunk, deaths: chunk.deaths + 1 });
      else chunk?.reject(new WorkerDiedError(worker.pid, status));
      this.#dispatch();
    },
  };

  #isOver(): boolean {
    return this.#workers.size === 0 && this.#ending.size === 0 && this.#forking === 0 && this.#waiting.length === 0;
  }

  #tellJoined(): void {
    if (this.#state === 'open' || !this.#isOver()) return;
    this.#takeHookBack();
    for (const resolve of this.#joining.splice(0)) resolve();
  }

  // In a child: the workers are its parent's.
  #leave(): void {
    for (const worker of [...this.#workers, ...this.#ending]) worker.leave();
    this.#workers.clear();
    this.#ending.clear();
    this.#atWork.clear();
    this.#waiting = [];
    this.#forking = 0;
  }
}
