import { EventEmitter, on } from 'node:events';
import { abortSignal } from '../mistakes.js';
import { list, object } from './arguments.js';
import { SignalInUseError } from './errors.js';
import { keepAlive } from './handlers.js';
import { sigaction, SIG_DFL, type SignalAction } from './signal-action.js';
import type { Siginfo } from './siginfo.js';
import { signalNumber, type Signal } from './signal.js';

/** Signals, one after the other. */
export interface SignalIterator extends AsyncIterableIterator<Siginfo>, Disposable {
  /** Gives each signal back what it did before; again is no mistake. */
  close(): void;
}

function giveBack(signal: Signal, action: SignalAction): void {
  try {
    sigaction(signal, action);
  } catch (error) {
    // Who has taken it meanwhile, as child_process does SIGCHLD, keeps it.
    if (!(error instanceof SignalInUseError)) throw error;
  }
}

/**
 * Signals as they come, for `for await`. From the call on they are kept, in order, until they are asked for; standard signals
 * that come before the event loop turns are one. While somebody waits for the next one, the event loop is kept alive. The end
 * of the loop, or `close()`, gives each signal back what it did before, unless another has taken it meanwhile.
 *
 * @param set the signals
 * @param options `signal`: aborts it; who waits gets an AbortError, as everybody who asks later
 * @throws as `signal`
 * @see https://man7.org/linux/man-pages/man2/sigaction.2.html
 *
 * @example
 * for await (const { pid, status } of signals(['SIGCHLD'])) console.log(`${pid}: ${status}`);
 */
export function signals(set: readonly Signal[], options: { signal?: AbortSignal } = {}): SignalIterator {
  const numbers = list('set', 'signals', set, (_, one) => signalNumber(one as Signal));
  const signal = abortSignal('options.signal', object('options', options).signal);
  const emitter = new EventEmitter();
  const events = on(emitter, 'signal', { signal }) as AsyncIterableIterator<[Siginfo], undefined>;
  const previous = new Map<Signal, SignalAction>();
  const close = () => {
    signal?.removeEventListener('abort', close);
    for (const [one, action] of previous) giveBack(one, action);
    previous.clear();
    void events.return?.();
  };
  try {
    for (const one of new Set(numbers)) {
      const tell: SignalAction['handler'] = (_name, _number, info) => emitter.emit('signal', info);
      const before = sigaction(one, { handler: tell, mask: [], flags: 0 });
      previous.set(one, { ...before, handler: before.handler ?? SIG_DFL });
    }
  } catch (error) {
    close();
    throw error;
  }
  signal?.addEventListener('abort', close);
  return {
    async next() {
      keepAlive(1);
      try {
        const next = await events.next();
        return next.done ? next : { value: next.value[0] };
      } finally {
        keepAlive(-1);
      }
    },
    return() {
      close();
      return Promise.resolve({ done: true, value: undefined });
    },
    close,
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.dispose]: close,
  };
}
