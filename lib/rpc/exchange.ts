import type { Connection } from './connection.js';

/** A call, as its connection sees it. */
export interface Exchange {
  /** The request's text up to its closing brace. */
  readonly head: string;
  /** When the reply is of no use any more, on the clock of performance.now(). */
  readonly deadline: number;
  /** The connection that has it, its number there, and whether it is sent. Only the connection writes them. */
  connection: Connection | undefined;
  number: number;
  isSent: boolean;
  succeed(result: unknown): void;
  fail(error: Error): void;
  /** In a forked child: it is the parent's, and is never settled here. */
  forget(): void;
}

/**
 * The place of a call that nobody waits for any more: of a booklet's server, one reply is to be thrown away.
 *
 * @param over is called when it is, or its connection is lost or another process's
 */
export function nobody(over: () => void): Exchange {
  return {
    head: '',
    deadline: 0,
    connection: undefined,
    number: 0,
    isSent: true,
    succeed: over,
    fail: over,
    forget: over,
  };
}
