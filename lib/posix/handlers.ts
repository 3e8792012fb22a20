// Runs the JavaScript of signals: from the event loop, or in a call that blocked and was interrupted. What has come and is
// still to run is in the addon.
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { answered, onInterruption } from './errno.js';
import { atfork } from './fork.js';
import { constant, native } from './native.js';
import { emptyFields, toSiginfo, type Siginfo } from './siginfo.js';
import { emptySet } from './signal-set.js';
import type { Signal } from './signal.js';
import { Watcher } from './watcher.js';

/**
 * A handler of JavaScript. What it returns is ignored, a promise too.
 *
 * @param signal the signal's name; of a real-time signal its number
 * @param number its number
 * @param info who sent it, and why
 */
export type SignalHandler = (signal: Signal, number: number, info: Siginfo) => void;

const SIG_SETMASK = constant('SIG_SETMASK');

const handlers = new Map<number, SignalHandler>();

// How many signals wait: the addon's handler counts here. Not in V8's own memory, which moves.
const waiting = new Int32Array(new ArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

let watcher: Watcher | undefined;
let keptAlive = 0;

/** Makes ready for the first handler. */
export function openQueue(): void {
  if (watcher) return;
  const fd = answered(native.openSignalQueue(waiting), 'eventfd', '', {}, openQueue);
  // A handler alone does not keep a program alive, as with process.on.
  watcher = new Watcher(fd, () => {
    runHandlers();
    tellLost();
  }).unref();
  atfork({
    child() {
      answered(native.renewSignalQueue(), 'eventfd', '', {}, openQueue);
    },
  });
}

export function handlerOf(number: number): SignalHandler | undefined {
  return handlers.get(number);
}

export function setHandler(number: number, handler: SignalHandler | undefined): void {
  if (handler) handlers.set(number, handler);
  else handlers.delete(number);
}

/** Keeps the event loop alive for signals, until it is called as often with -1 as with 1. */
export function keepAlive(change: 1 | -1): void {
  keptAlive += change;
  if (keptAlive > 0) watcher?.ref();
  else watcher?.unref();
}

function run(number: number, fields: Int32Array, mask: Uint32Array): void {
  try {
    const info = toSiginfo(fields);
    const handler = handlers.get(number);
    if (handler) handler(info.signal, number, info);
    // It was blocked when its handler was taken away. The default action comes with the mask below.
    else native.raise(number);
  } finally {
    native.sigprocmask(SIG_SETMASK, mask, emptySet());
  }
}

function tellLost(): void {
  const lost = native.lostSignals();
  if (lost === 0) return;
  process.emitWarning(`${lost} signals were lost: too many came before their handlers could run`, {
    code: 'SIGNALS_LOST',
  });
}

/**
 * Runs the handlers of all signals that have come and that are not blocked. What a handler throws ends it; the others run
 * later.
 */
export function runHandlers(): void {
  while (waiting[0] !== 0) {
    const fields = emptyFields();
    const mask = emptySet();
    const number = native.takeSignal(fields, mask);
    if (number === 0) break;
    run(number, fields, mask);
  }
}

if (isMainThread) onInterruption(runHandlers);
