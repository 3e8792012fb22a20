// What prefork can be told, and what it does untold: the one table of both.
import { availableParallelism } from 'node:os';
import { callback, INT_MAX, integer, object, text } from '../mistakes.js';
import { MOST_WORKERS } from './scoreboard.js';

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
   * How long a worker may take until it accepts connections, before SIGKILL. 0: as long as it likes. Default 60,000.
   */
  bootTimeout?: number;
  /**
   * How long the event loop of a worker may not turn, before SIGKILL. 0: as long as it likes. Default 30,000. Time in which
   * the master does not run either, because the machine sleeps or the family is stopped, does not count.
   */
  timeout?: number;
  /**
   * After how many requests a worker is replaced, 1 and more; at random up to a tenth later, so that not all are at once.
   * Servers that are not HTTP's count connections. Default: never.
   */
  maxRequests?: number;
  /** After how long a worker is replaced, 1 and more; at random up to a tenth later. Default: never. */
  maxLifetime?: number;
  /** With how much memory of its own, in bytes, a worker is replaced: what its end would give back. Default: never. */
  maxMemory?: number;
  /** The port of the status page, its JSON and the metrics, 0 to 65535; 0: one that is free. Default: there is none. */
  statusPort?: number;
  /** The host name or address of the status page. Who reaches it can see it. Default `127.0.0.1`. */
  statusHost?: string;
  /**
   * What the master does first when it stops, while the workers still serve: leave the registry, say. It is awaited;
   * an error is logged and does not keep the server from stopping.
   */
  beforeStop?: () => void | Promise<void>;
  /** Where the log lines go: `master pid=1 …`, `worker=0 pid=2 ready …`. Default: nowhere. */
  log?: (line: string) => void;
}

interface NumberSetting {
  readonly least: number;
  readonly most: number;
  readonly untold: number;
  /** 0 stands for never. */
  readonly zeroIsNever?: true;
  /** For the command line: what stands for the value, and what it means. */
  readonly value: string;
  readonly help: string;
}

/** The settings that are numbers, but for the port and the number of workers: read from options and command line alike. */
export const numberSettings = {
  backlog: { least: 1, most: INT_MAX, untold: 1024, value: 'N', help: 'How many connections may wait to be accepted.' },
  gracefulTimeout: {
    least: 0,
    most: INT_MAX,
    untold: 30_000,
    value: 'MS',
    help: 'How long a worker that was told to stop may take to finish.',
  },
  bootTimeout: {
    least: 0,
    most: INT_MAX,
    untold: 60_000,
    zeroIsNever: true,
    value: 'MS',
    help: 'How long a worker may take until it accepts connections. 0: as long as it likes.',
  },
  timeout: {
    least: 0,
    most: INT_MAX,
    untold: 30_000,
    zeroIsNever: true,
    value: 'MS',
    help: 'How long the event loop of a worker may not turn. 0: as long as it likes.',
  },
  maxRequests: {
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    untold: Infinity,
    value: 'N',
    help: 'Replace a worker after so many requests, at random up to a tenth more.',
  },
  maxLifetime: {
    least: 1,
    most: INT_MAX,
    untold: Infinity,
    value: 'MS',
    help: 'Replace a worker after so long, at random up to a tenth longer.',
  },
  maxMemory: {
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    untold: Infinity,
    value: 'BYTES',
    help: 'Replace a worker that has so much memory of its own.',
  },
} as const satisfies Partial<Record<keyof PreforkOptions, NumberSetting>>;

export type NumberSettingName = keyof typeof numberSettings;

/** Settings, complete and checked. Infinity: never. */
export interface Settings extends Readonly<Record<NumberSettingName, number>> {
  readonly port: number;
  readonly host: string | undefined;
  readonly workers: number;
  readonly statusPort: number | undefined;
  readonly statusHost: string;
  readonly beforeStop: () => void | Promise<void>;
  readonly log: (line: string) => void;
}

function numberFrom(name: NumberSettingName, told: number | undefined): number {
  const { least, most, untold, ...row }: NumberSetting = numberSettings[name];
  const value = told === undefined ? untold : integer(`options.${name}`, told, least, most);
  return value === 0 && row.zeroIsNever ? Infinity : value;
}

/** The settings that these options ask for. @throws {TypeError | RangeError} an option that cannot be */
export function settingsFrom(options: PreforkOptions): Settings {
  const { host, workers = 'auto', statusPort } = object('options', options);
  return {
    port: integer('options.port', options.port ?? 0, 0, 65535),
    host: host === undefined ? undefined : text('options.host', host),
    workers: workers === 'auto' ? availableParallelism() : integer('options.workers', workers, 1, MOST_WORKERS),
    statusPort: statusPort === undefined ? undefined : integer('options.statusPort', statusPort, 0, 65535),
    statusHost: text('options.statusHost', options.statusHost ?? '127.0.0.1'),
    backlog: numberFrom('backlog', options.backlog),
    gracefulTimeout: numberFrom('gracefulTimeout', options.gracefulTimeout),
    bootTimeout: numberFrom('bootTimeout', options.bootTimeout),
    timeout: numberFrom('timeout', options.timeout),
    maxRequests: numberFrom('maxRequests', options.maxRequests),
    maxLifetime: numberFrom('maxLifetime', options.maxLifetime),
    maxMemory: numberFrom('maxMemory', options.maxMemory),
    beforeStop: callback('options.beforeStop', options.beforeStop ?? (() => undefined)),
    log: callback('options.log', options.log ?? (() => undefined)),
  };
}
