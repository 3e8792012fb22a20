// What Node.js does itself, past the addon: process.kill, the handlers of process.on, the exit.
import { constants } from 'node:os';
import process from 'node:process';

/** Who is told. */
interface NodeEvents {
  /** A signal is sent; what is answered is called when that is over, with whether it was sent. */
  kill(pid: number, signal: number): (sent: boolean) => void;
  /** The listeners of a signal run. */
  handled(signal: number): void;
  /** The 'exit' listeners run: the end of the process. */
  exit(code: number): void;
}

const numbers: Readonly<Record<string, number>> = constants.signals;

type Kill = (pid: number, signal?: string | number) => true;
type Emit = (this: unknown, name: string | symbol, ...rest: unknown[]) => boolean;

// Looks like the one in whose place it is.
function inPlaceOf<T extends (...parameters: never[]) => unknown>(original: T, replacement: T): T {
  for (const name of ['name', 'length'] as const) {
    Object.defineProperty(replacement, name, { value: original[name], configurable: true });
  }
  return replacement;
}

function numberOf(signal: string | number | undefined): number {
  if (typeof signal === 'number') return signal;
  return numbers[signal ?? 'SIGTERM'] ?? 0;
}

// Its own property is there only where one was before.
function replace(name: 'kill' | 'emit', value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(process, name);
  Object.defineProperty(process, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
  });
  return () => {
    // Who has come in between keeps what it has put there, and calls these.
    if (Reflect.get(process, name) !== value) return;
    if (before) Object.defineProperty(process, name, before);
    else Reflect.deleteProperty(process, name);
  };
}

/**
 * Tells of what Node.js does from now on. The listeners of a signal are told of if the first of them has been added since:
 * Node.js looks up how to call them then.
 *
 * @returns a function that ends it
 */
export function watchNode(events: NodeEvents): () => void {
  let watching = true;
  const kill: Kill = Reflect.get(process, 'kill');
  const emit: Emit = Reflect.get(process, 'emit') as never;
  const giveBack = [
    replace(
      'kill',
      inPlaceOf<Kill>(kill, (pid, signal) => {
        const number = numberOf(signal);
        const done = watching && number > 0 ? events.kill(pid, number) : undefined;
        let sent = false;
        try {
          sent = Reflect.apply(kill, process, [pid, signal]);
          return sent;
        } finally {
          done?.(sent);
        }
      }),
    ),
    replace(
      'emit',
      inPlaceOf<Emit>(emit, function (name, ...rest) {
        if (watching && typeof name === 'string') {
          const signal = numbers[name];
          if (signal !== undefined) events.handled(signal);
          else if (name === 'exit') events.exit(Number(rest[0]));
        }
        return Reflect.apply(emit, this, [name, ...rest]);
      }),
    ),
  ];
  return () => {
    watching = false;
    for (const undo of giveBack) undo();
  };
}
