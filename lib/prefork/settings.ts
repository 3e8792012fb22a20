// What prefork can be told, and what it does untold: the one table of both. setting-table.ts has the other settings of
// `truefork serve`.
import { availableParallelism } from 'node:os';
import { boolean, callback, INT_MAX, integer, object, text, wrongType, wrongValue } from '../mistakes.js';
import { isAbstract, socketPath } from './address.js';
import type { Listener } from './listener.js';
import type { PreforkLog, PreforkRecord } from './log.js';
import { MOST_WORKERS } from './cell.js';
import type { Command } from './upgrade.js';

/** Settings of a prefork server. Times are in milliseconds; where a default is "never", Infinity says so too. */
export interface PreforkOptions {
  /** The port, 0 to 65535. Default 0: one that is free. */
  port?: number;
  /** The host name or address to listen on. Default: every address, IPv6 and IPv4 (IPv4 alone where there is no IPv6). */
  host?: string;
  /**
   * The path of a Unix socket, in place of host and port: up to 107 bytes as an absolute one. With a null byte in front it is a
   * name in the abstract namespace, without a file. A socket that a dead server has left there is replaced. Default: none.
   */
  path?: string;
  /**
   * The mode of that socket's file, 0 to 0o777: who may write to it may connect. Default: 0o777 less the umask, as bind(2)
   * makes it.
   */
  socketMode?: number;
  /**
   * Whether to listen on the socket that this process was started with, if it was: systemd's socket activation. Path, host and
   * port, where they are given, must be those of the socket. Default false.
   */
  inherit?: boolean;
  /**
   * Whether each worker has a listening socket of its own on the port, by SO_REUSEPORT, and the kernel spreads the
   * connections. The master keeps the sockets: no connection is lost when a worker is replaced. Not for a path. Default false:
   * all workers accept from one.
   */
  reusePort?: boolean;
  /** How many workers, 1 to 1,024. Default `'auto'`: as many as the process may use processors. */
  workers?: number | 'auto';
  /**
   * Whether a mold loads the application, and workers are forks of it: they start within milliseconds and share its memory.
   * Else each worker loads it for itself, which takes as long and as much memory as it does: for one that cannot be forked when
   * it is there, because it starts worker threads, a logger's for example. Not false for a server that is there. Default true.
   */
  preload?: boolean;
  /** How many connections may wait to be accepted, 1 and more; the kernel limits it. Default 1,024. */
  backlog?: number;
  /** How long a worker that was told to stop may take to finish, before SIGKILL. Default 30,000. */
  gracefulTimeout?: number;
  /**
   * How long a worker may take until it accepts connections; then it writes its stack, and a second later comes SIGKILL.
   * 0: as long as it likes. Default 60,000.
   */
  bootTimeout?: number;
  /**
   * How long the event loop of a worker may not turn; then it writes its stack, and a second later comes SIGKILL. 0: as long
   * as it likes. Default 30,000. Time in which the master does not run either, because the machine sleeps or the family is
   * stopped, does not count.
   */
  timeout?: number;
  /**
   * How many connections a worker has at a time, 1 and more: what comes when all have as many waits in the backlog, and none is
   * refused. Default: as many as come.
   */
  maxConnections?: number;
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
   * After how long without anything to do a worker that has worked collects its garbage, and gives the memory back that it does
   * not need any more; up to twice as long, so that not all do at once. `releaseMemory` says what that is, and takes. A server
   * may be slower afterwards, until V8 has compiled again what it dropped. Default: never.
   */
  collectAfter?: number;
  /** The port of the status page, its JSON and the metrics, 0 to 65535; 0: one that is free. Default: there is none. */
  statusPort?: number;
  /** The host name or address of the status page. Who reaches it can see it. Default `127.0.0.1`. */
  statusHost?: string;
  /**
   * After how many requests of one worker all are replaced by forks of a warm one (`refork`): the first number for the first
   * time, and so on; the last one for all after that. `[50, 100, 1000]`, say. Default: never.
   */
  reforkAfter?: readonly number[];
  /**
   * What listens already, of `openListener`: for a master that does something between the two, such as to become another
   * user. The settings of the address are then without effect. The master closes it. Default: it makes one.
   */
  listener?: Listener;
  /**
   * How this program is executed anew by `master.upgrade()`: `argv` is the program, by its path or a name that is looked up in
   * PATH, and its arguments; `cwd` its working directory. Default: that is refused.
   */
  command?: Command;
  /**
   * What the master does last before it says that it is ready, to systemd or to the master whose place it takes, when all
   * workers accept connections: write a pid file, say. It is awaited; if it fails, the server stops, and `prefork` throws that.
   */
  beforeReady?: () => void | Promise<void>;
  /**
   * What the master does first when it stops, while the workers still serve: leave the registry, say. It is awaited, as
   * long as `gracefulTimeout` lasts; that it takes longer, or an error, is logged and does not keep the server from stopping.
   * The workers have the same time afterwards.
   */
  beforeStop?: () => void | Promise<void>;
  /**
   * What a worker does last, when it has answered all that it had in hand and its server is closed: close a pool of connections,
   * flush a log, say. It is awaited, as long as `gracefulTimeout` lasts, which began when the worker was told to end. An error is
   * logged, and the worker exits with code 1. It is called wherever a worker finishes: because the server stops, because the
   * worker is replaced or not wanted any more, because the master has died; not when it is to end at once (`quick`, SIGINT),
   * crashes or is killed, nor in a worker that becomes a mold, nor in the master. `thisWorker` says which worker it is.
   */
  beforeWorkerExit?: () => void | Promise<void>;
  /**
   * Where the log goes, line by line: `master pid=1 …`, `worker=0 pid=2 ready ms=3.1`. It is called in the master, and in a mold
   * or a worker that has failed to do something. Default: nowhere.
   */
  log?: (line: string) => void;
  /** The same as objects, for a logger: one a line. Default: nowhere. */
  logRecord?: (record: PreforkRecord) => void;
  /**
   * What each process of the family does on SIGUSR1, the master first: open its log files anew, which have been renamed. An error
   * is logged, and nothing else. Default: nothing.
   */
  reopenLogs?: () => void;
}

/** A setting that is a number: of things, of milliseconds or of bytes. */
export interface NumberSetting {
  /** `'integer'`: of things; `'duration'`: of milliseconds; `'size'`: of bytes. */
  readonly type: 'integer' | 'duration' | 'size';
  /** The smallest that may be given. */
  readonly least: number;
  /** The largest that may be given. */
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
  maxConnections: {
    type: 'integer',
    least: 1,
    most: Number.MAX_SAFE_INTEGER,
    untold: Infinity,
    help: 'How many connections a worker has at a time. More wait, for another worker or for one to end.',
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
  collectAfter: {
    type: 'duration',
    least: 0,
    most: INT_MAX,
    untold: Infinity,
    zeroIsNever: true,
    help: 'Collect the garbage of a worker that has had nothing to do for so long.',
  },
} as const satisfies Partial<Record<keyof PreforkOptions, NumberSetting>>;

type NumberSettingName = keyof typeof numberSettings;

/** Whether a setting may be "never". */
export function mayBeNever({ untold, zeroIsNever }: NumberSetting): boolean {
  return untold === Infinity || zeroIsNever === true;
}

/** Settings, complete and checked. Infinity: never. */
export interface Settings extends Readonly<Record<NumberSettingName, number>> {
  readonly port: number | undefined;
  readonly host: string | undefined;
  /** Absolute, or a name in the abstract namespace. */
  readonly path: string | undefined;
  readonly socketMode: number | undefined;
  readonly inherit: boolean;
  readonly reusePort: boolean;
  readonly workers: number;
  readonly preload: boolean;
  readonly reforkAfter: readonly number[];
  readonly statusPort: number | undefined;
  readonly statusHost: string;
  /** That is there already. */
  readonly listener: Listener | undefined;
  readonly command: Command | undefined;
  readonly beforeReady: () => void | Promise<void>;
  readonly beforeStop: () => void | Promise<void>;
  readonly beforeWorkerExit: () => void | Promise<void>;
  readonly log: PreforkLog;
  readonly reopenLogs: () => void;
}

function numberFrom(name: NumberSettingName, told: number | undefined): number {
  const row: NumberSetting = numberSettings[name];
  if (told === Infinity && mayBeNever(row)) return Infinity;
  const value = told === undefined ? row.untold : integer(`options.${name}`, told, row.least, row.most);
  return value === 0 && row.zeroIsNever ? Infinity : value;
}

function logFrom({ log, logRecord }: PreforkOptions): PreforkLog {
  return {
    ...(log !== undefined && { log: callback('options.log', log) }),
    ...(logRecord !== undefined && { logRecord: callback('options.logRecord', logRecord) }),
  };
}

function countsFrom(counts: readonly number[]): readonly number[] {
  if (!Array.isArray(counts)) throw wrongType('options.reforkAfter', 'an array of numbers', counts);
  return counts.map((count, n) => integer(`options.reforkAfter[${n}]`, count, 1, Number.MAX_SAFE_INTEGER));
}

function addressFrom({ port, host, path, socketMode, inherit = false, reusePort = false }: PreforkOptions) {
  if (path !== undefined && (host !== undefined || port !== undefined)) {
    throw wrongValue('options.path', 'must not be given with a host or a port', path);
  }
  if (socketMode !== undefined && (path === undefined || isAbstract(path))) {
    throw wrongValue('options.socketMode', 'must be given with a path only, that of a file', socketMode);
  }
  if (reusePort && path !== undefined) {
    throw wrongValue('options.reusePort', 'must not be given with a path', reusePort);
  }
  return {
    port: port === undefined ? undefined : integer('options.port', port, 0, 65535),
    host: host === undefined ? undefined : text('options.host', host),
    path: path === undefined ? undefined : socketPath('options.path', path),
    socketMode: socketMode === undefined ? undefined : integer('options.socketMode', socketMode, 0, 0o777),
    inherit: boolean('options.inherit', inherit),
    reusePort: boolean('options.reusePort', reusePort),
  };
}

function commandFrom(command: Command): Command {
  const { argv, cwd, env } = object('options.command', command);
  if (!Array.isArray(argv)) throw wrongType('options.command.argv', 'an array of strings', argv);
  if (argv.length === 0) throw wrongValue('options.command.argv', 'must not be empty', argv);
  return {
    argv: argv.map((argument, n) => string(`options.command.argv[${n}]`, argument)),
    cwd: text('options.command.cwd', cwd),
    env: object('options.command.env', env),
  };
}

// It may be empty, as text() may not.
function string(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(name, 'of type string', value);
  return value;
}

/** The settings that these options ask for. @throws {TypeError | RangeError} an option that cannot be */
export function settingsFrom(options: PreforkOptions): Settings {
  const { workers = 'auto', listener, statusPort } = object('options', options);
  return {
    ...addressFrom(options),
    workers: workers === 'auto' ? availableParallelism() : integer('options.workers', workers, 1, MOST_WORKERS),
    preload: boolean('options.preload', options.preload ?? true),
    statusPort: statusPort === undefined ? undefined : integer('options.statusPort', statusPort, 0, 65535),
    statusHost: text('options.statusHost', options.statusHost ?? '127.0.0.1'),
    backlog: numberFrom('backlog', options.backlog),
    gracefulTimeout: numberFrom('gracefulTimeout', options.gracefulTimeout),
    bootTimeout: numberFrom('bootTimeout', options.bootTimeout),
    timeout: numberFrom('timeout', options.timeout),
    maxConnections: numberFrom('maxConnections', options.maxConnections),
    maxRequests: numberFrom('maxRequests', options.maxRequests),
    maxLifetime: numberFrom('maxLifetime', options.maxLifetime),
    maxMemory: numberFrom('maxMemory', options.maxMemory),
    collectAfter: numberFrom('collectAfter', options.collectAfter),
    reforkAfter: countsFrom(options.reforkAfter ?? []),
    listener: listener === undefined ? undefined : object('options.listener', listener),
    command: options.command === undefined ? undefined : commandFrom(options.command),
    beforeReady: callback('options.beforeReady', options.beforeReady ?? (() => undefined)),
    beforeStop: callback('options.beforeStop', options.beforeStop ?? (() => undefined)),
    beforeWorkerExit: callback('options.beforeWorkerExit', options.beforeWorkerExit ?? (() => undefined)),
    log: logFrom(options),
    reopenLogs: callback('options.reopenLogs', options.reopenLogs ?? (() => undefined)),
  };
}
