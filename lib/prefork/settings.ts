// What prefork can be told, and what it does untold: the one table of both.
import { availableParallelism } from 'node:os';
import { callback, INT_MAX, integer, object, text } from '../mistakes.js';

/** Settings of a prefork server. Times are in milliseconds. */
export interface PreforkOptions {
  /** The port, 0 to 65535. Default 0: one that is free. */
  port?: number;
  /** The host name or address to listen on. Default: every address, IPv6 and IPv4 (IPv4 alone where there is no IPv6). */
  host?: string;
  /** How many workers, 1 to 1,024. Default `'auto'`: as many as the process may use processors. */
  workers?: number | 'auto';
  /** How many connections may wait to be accepted, 1 and more; the kernel limits it. Default 1,024. */
  backlog?: number;
  /** How long a worker that was told to stop may take to finish, before SIGKILL. Default 30,000. */
  gracefulTimeout?: number;
  /**
   * What the master does first when it stops, while the workers still serve: leave the registry, say. It is awaited;
   * an error is logged and does not keep the server from stopping.
   */
  beforeStop?: () => void | Promise<void>;
  /** Where the log lines go: `master pid=1 …`, `worker=0 pid=2 ready …`. Default: nowhere. */
  log?: (line: string) => void;
}

/** Settings, complete and checked. */
export interface Settings {
  readonly port: number;
  readonly host: string | undefined;
  readonly workers: number;
  readonly backlog: number;
  readonly gracefulTimeout: number;
  readonly beforeStop: () => void | Promise<void>;
  readonly log: (line: string) => void;
}

/** The settings that these options ask for. @throws {TypeError | RangeError} an option that cannot be */
export function settingsFrom(options: PreforkOptions): Settings {
  const { host, workers = 'auto' } = object('options', options);
  return {
    port: integer('options.port', options.port ?? 0, 0, 65535),
    host: host === undefined ? undefined : text('options.host', host),
    workers: workers === 'auto' ? availableParallelism() : integer('options.workers', workers, 1, 1024),
    backlog: integer('options.backlog', options.backlog ?? 1024, 1, INT_MAX),
    gracefulTimeout: integer('options.gracefulTimeout', options.gracefulTimeout ?? 30_000, 0, INT_MAX),
    beforeStop: callback('options.beforeStop', options.beforeStop ?? (() => undefined)),
    log: callback('options.log', options.log ?? (() => undefined)),
  };
}
