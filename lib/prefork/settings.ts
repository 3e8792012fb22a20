// What prefork can be told, and what it does untold: the one table of both. setting-table.ts has the other settings of
// `truefork serve`.
import { availableParallelism } from 'node:os';
import { callback, INT_MAX, integer, object, text } from '../mistakes.js';
import type { Listener } from './listener.js';
import { MOST_WORKERS } from './scoreboard.js';

/** Settings of a prefork server. Times are in milliseconds; where a default is "never", Infinity says so too. */
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
  /**
   * A socket that listens already, of `openListener`: for a master that does something between the two, such as to become
   * another user. `host` and `port` are then those of the socket. The master closes it. Default: it makes one.
   */
  listener?: Listener;
  /**
   * What the master does first when it stops, while the workers still serve: leave the registry, say. It is awaited;
   * an error is logged and does not keep the server from stopping.
   */
  beforeStop?: () => void | Promise<void>;
  /** Where the log lines go: `master pid=1 …`, `worker=0 pid=2 ready …`. Default: nowhere. */
  log?: (line: string) => void;
}

/** A setting that is a number: of things, of milliseconds or of bytes. */
export interface NumberSetting {
  readonly type: 'integer' | 'duration' | 'size';
  readonly least: number;
  readonly most: number;
  /** Infinity: never. */
  readonly untold: number;
  /** 0 stands for never. */
  readonly zeroIsNever?: true;
  /** What it means, for the command line and the guide. */
  readonly help: string;
}

/** The settings that are numbers, but for the port and the number of workers: read from options and command line alike. */
export const numberSettings = {
  backlog: {
    type: 'integer',
    least: 1,
    most: INT_MAX,
    untold: 1024,
    help: 'How many connections may wait to be accepted.',
  },
  gracefulTimeout: {
    type: 'duration',
    least: 0,
    most: INT_MAX,
    untold: 30_000,
    help: 'How long a worker that was told to stop may take to finish.',
  },
  bootTimeout: {
    type: 'duration',
    least: 0,
    most: INT_MAX,
    untold: 60_000,
    zeroIsNever: true,
    help: 'How long a worker may take until it accepts connections. 0: as long as it likes.',
  },
  timeout: {
    type: 'duration',
    least: 0,
    most: INT_MAX,
    untold: 30_000,
    zeroIsNever: true,
    help: 'How long the event loop of a worker may not turn. 0: as long as it likes.',
  },
  maxRequests: {
    type: 'integer',
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    untold: Infinity,
    help: 'Replace a worker after so many requests, at random up to a tenth more.',
  },
  maxLifetime: {
    type: 'duration',
    least: 1,
    most: INT_MAX,
    untold: Infinity,
    help: 'Replace a worker after so long, at random up to a tenth longer.',
  },
  maxMemory: {
    type: 'size',
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    untold: Infinity,
    help: 'Replace a worker that has so much memory of its own.',
  },
} as const satisfies Partial<Record<keyof PreforkOptions, NumberSetting>>;

export type NumberSettingName = keyof typeof numberSettings;

/** Whether a setting may be "never". */
export function mayBeNever({ untold, zeroIsNever }: NumberSetting): boolean {
  return untold === Infinity || zeroIsNever === true;
}

/** Settings, complete and checked. Infinity: never. */
export interface Settings extends Readonly<Record<NumberSettingName, number>> {
  readonly port: number;
  readonly host: string | undefined;
  readonly workers: number;
  /** That is there already. */
  readonly listener: Listener | undefined;
  readonly beforeStop: () => void | Promise<void>;
  readonly log: (line: string) => void;
}

function numberFrom(name: NumberSettingName, told: number | undefined): number {
  const row: NumberSetting = numberSettings[name];
  if (told === Infinity && mayBeNever(row)) return Infinity;
  const value = told === undefined ? row.untold : integer(`options.${name}`, told, row.least, row.most);
  return value === 0 && row.zeroIsNever ? Infinity : value;
}

/** The settings that these options ask for. @throws {TypeError | RangeError} an option that cannot be */
export function settingsFrom(options: PreforkOptions): Settings {
  const { host, workers = 'auto', listener } = object('options', options);
  return {
    port: integer('options.port', options.port ?? 0, 0, 65535),
    host: host === undefined ? undefined : text('options.host', host),
    workers: workers === 'auto' ? availableParallelism() : integer('options.workers', workers, 1, MOST_WORKERS),
    backlog: numberFrom('backlog', options.backlog),
    gracefulTimeout: numberFrom('gracefulTimeout', options.gracefulTimeout),
    bootTimeout: numberFrom('bootTimeout', options.bootTimeout),
    timeout: numberFrom('timeout', options.timeout),
    maxRequests: numberFrom('maxRequests', options.maxRequests),
    maxLifetime: numberFrom('maxLifetime', options.maxLifetime),
    maxMemory: numberFrom('maxMemory', options.maxMemory),
    listener: listener === undefined ? undefined : object('options.listener', listener),
    beforeStop: callback('options.beforeStop', options.beforeStop ?? (() => undefined)),
    log: callback('options.log', options.log ?? (() => undefined)),
  };
}
