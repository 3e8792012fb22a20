// A worker of a pool, in its own process: it blocks until there is something to do, does it, and answers.
import { _exit, getpid, getppid, outputWritten, PR_SET_PDEATHSIG, prctl, signalNumber } from '../posix/index.js';
import type { Channel } from './channel.js';
import { ClosedError } from './errors.js';
import type { AnyFunction, Order, Outcome } from './pool-task.js';
import { tell } from './remote-error.js';

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** One that is killed with its work, and not by it, when the pool's process has died. */
export function dieWith(parent: number): void {
  prctl(PR_SET_PDEATHSIG, signalNumber('SIGKILL'));
  // It may have died before.
  if (getppid() !== parent) _exit(1);
}

/** What goes wrong here ends the worker: elsewhere in the program, that would be its parent's. */
export function orDie(step: () => void): void {
  try {
    step();
  } catch (error) {
    console.error(error);
    void leave(1);
  }
}

/**
 * Works until there is nothing more to do. What follows the call in the caller must not run.
 *
 * @param begin is called before each that there is
 */
export function work(channel: Channel<Order>, functions: ReadonlyMap<number, AnyFunction>, begin: () => void): void {
  const worker = getpid();
  // A fork that the function has made comes out of it, too: at once, or when its own event loop turns.
  const isWorker = (): boolean => getpid() === worker;
  for (;;) {
    const order = nextOrder(channel);
    if (order === null) {
      void leave(0);
      return;
    }
    begin();
    const outcome = done(order, functions.get(order.id) as (...parameters: unknown[]) => unknown);
    if (outcome instanceof Promise) {
      // The event loop turns, for as long as it takes.
      void outcome.then((settled) => {
        if (!isWorker()) return;
        orDie(() => {
          answer(channel, settled);
          work(channel, functions, begin);
        });
      });
      return;
    }
    if (!isWorker()) return;
    answer(channel, outcome);
  }
}

function nextOrder(channel: Channel<Order>): Order {
  try {
    return channel.receive();
  } catch (error) {
    if (error instanceof ClosedError) return null;
    throw error;
  }
}

// The parent's listeners for 'exit' are its own: as Python's multiprocessing, which leaves by os._exit.
async function leave(status: number): Promise<void> {
  await outputWritten();
  _exit(status);
}

type Call = (...parameters: unknown[]) => unknown;

function called(call: Call, item: unknown, spread: boolean): unknown {
  return spread ? call(...(item as unknown[])) : call(item);
}

function done({ items, spread }: NonNullable<Order>, call: Call): Outcome | Promise<Outcome> {
  const results: unknown[] = [];
  try {
    for (const item of items) {
      const result = called(call, item, spread);
      if (isThenable(result)) return doneLater(items, spread, call, results, result);
      results.push(result);
    }
  } catch (error) {
    return { error: tell(error) };
  }
  return { results };
}

async function doneLater(
  items: readonly unknown[],
  spread: boolean,
  call: Call,
  results: unknown[],
  first: PromiseLike<unknown>,
): Promise<Outcome> {
  try {
    results.push(await first);
    for (const item of items.slice(results.length)) results.push(await called(call, item, spread));
  } catch (error) {
    return { error: tell(error) };
  }
  return { results };
}

function answer(channel: Channel<Order>, outcome: Outcome): void {
  try {
    channel.send(outcome);
  } catch (error) {
    if (error instanceof ClosedError) return;
    // It cannot be cloned, or is too long.
    channel.send({ error: tell(error) } satisfies Outcome);
  }
}
