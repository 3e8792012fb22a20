// Every setting of `truefork serve`: the one table of its flags, their help, its configuration file and the guide. Those that
// `prefork()` has too are the same rows.
import { MOST_WORKERS } from './cell.js';
import { numberSettings, type NumberSetting, type PreforkOptions } from './settings.js';

interface Described {
  /** What it means, for the command line and the guide. */
  readonly help: string;
  /** What it is untold, in words, where the value does not say it. */
  readonly untoldMeans?: string;
  /** The flag of one letter. */
  readonly short?: string;
  /** What stands for the value in the help, where the type does not say it. */
  readonly placeholder?: string;
}

interface CountSetting extends Described {
  readonly type: 'integer';
  readonly least: number;
  readonly most: number;
  /** `auto`: that may be told, too. Absent: there is none. */
  readonly untold?: number | 'auto';
}

interface TextSetting extends Described {
  /**
   * `host`: a name, or an address; `path`: of a file or a directory; `socket`: of a Unix socket, or `@name` in the abstract namespace. `octal`: permission
   * bits in up to three octal digits; `mode`: in three.
   */
  readonly type: 'text' | 'host' | 'path' | 'socket' | 'octal' | 'mode';
}

interface ChoiceSetting extends Described {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly untold: string;
}

interface FlagSetting extends Described {
  readonly type: 'flag';
  readonly untold: boolean;
}

/** One number after the other. */
interface CountsSetting extends Described {
  readonly type: 'counts';
  /** Empty: never. */
  readonly untold: readonly number[];
}

/** A setting: its kind, its range, what it is if nothing is said, and what it means, in words. */
export type SettingRow =
  (NumberSetting & Described) | CountSetting | TextSetting | ChoiceSetting | FlagSetting | CountsSetting;

const ofPrefork = {
  port: {
    type: 'integer',
    short: 'p',
    least: 0,
    most: 65535,
    untold: 0,
    untoldMeans: 'one that is free',
    help: 'The port.',
  },
  host: {
    type: 'host',
    untoldMeans: 'every address',
    help: 'The name or address to listen on.',
  },
  path: { type: 'socket', help: 'A Unix socket, in place of both; @NAME: in the abstract namespace.' },
  socketMode: {
    type: 'mode',
    untoldMeans: '777 less the umask',
    help: 'The mode of its file, octal: who may write to it may connect.',
  },
  reusePort: {
    type: 'flag',
    untold: false,
    help: 'A listening socket on the port for each worker, by SO_REUSEPORT.',
  },
  inherit: {
    type: 'flag',
    untold: true,
    help: 'Listen on the socket that the process was started with, if it was, as systemd does.',
  },
  workers: {
    type: 'integer',
    short: 'w',
    least: 1,
    most: MOST_WORKERS,
    untold: 'auto',
    untoldMeans: 'auto, one a processor',
    help: 'How many workers.',
  },
  preload: {
    type: 'flag',
    untold: true,
    help: 'Load the application once, and fork workers from it. Off: each loads it, with worker threads, say.',
  },
  ...numberSettings,
  statusPort: {
    type: 'integer',
    least: 0,
    most: 65535,
    untoldMeans: 'there is none',
    help: 'The port of the status page.',
  },
  statusHost: { type: 'host', untoldMeans: '127.0.0.1', help: 'The host of the status page.' },
  reforkAfter: {
    type: 'counts',
    untold: [],
    untoldMeans: 'never',
    help: 'Replace all by forks of a warm worker when one has served so many requests: at first, then, and so on.',
  },
} as const satisfies Partial<Record<keyof PreforkOptions, SettingRow>>;

const ofServe = {
  application: {
    type: 'path',
    placeholder: 'FILE',
    help: 'What is served: the default export of this file. On the command line it has no flag.',
  },
  register: { type: 'text', placeholder: 'NAME', help: 'Register the server as an instance of this service.' },
  registry: {
    type: 'text',
    placeholder: 'URL',
    untoldMeans: "this user's own",
    help: 'Where to register: file:///DIRECTORY or zk://HOST:PORT,…/PATH.',
  },
  advertise: {
    type: 'host',
    untoldMeans: 'the one it listens on',
    help: 'The host to register, that clients reach the server by.',
  },
  pidFile: { type: 'path', help: "Write the master's pid to this file while the server accepts." },
  daemon: {
    type: 'flag',
    untold: false,
    help: 'Run in the background; return when the server accepts, or tell why it does not.',
  },
  logFile: {
    type: 'path',
    untoldMeans: 'where the output goes; of a daemon, /dev/null',
    help: 'Append the output and the log to this file. SIGUSR1 opens it anew.',
  },
  logFormat: {
    type: 'choice',
    choices: ['auto', 'text', 'json'],
    placeholder: 'FORMAT',
    untold: 'auto',
    untoldMeans: 'auto, text on a terminal and JSON lines elsewhere',
    help: 'How the log is written: auto, text or json.',
  },
  user: { type: 'text', placeholder: 'NAME', help: 'The user to become when the socket is bound: a name or a number.' },
  group: {
    type: 'text',
    placeholder: 'NAME',
    untoldMeans: "the user's",
    help: 'The group to become: a name or a number.',
  },
  umask: { type: 'octal', help: 'Permission bits that new files do not get.' },
  chdir: { type: 'path', help: 'The working directory of the server.' },
} as const satisfies Record<string, SettingRow>;

/** All settings of a server, by name: the one table of the options, the command line, the configuration file and the guide. */
export const settingTable = { ...ofPrefork, ...ofServe } as const;

/** The name of a setting. */
export type SettingName = keyof typeof settingTable;

/** In the order of the table. */
export const settingNames = Object.keys(settingTable) as SettingName[];

/** Whether `prefork()` has an option of this name. */
export function isPreforkOption(name: SettingName): name is keyof typeof ofPrefork {
  return name in ofPrefork;
}

interface Told {
  integer: number;
  duration: number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;
  size: number | `${number}${'K' | 'M' | 'G'}`;
  text: string;
  host: string;
  path: string;
  socket: string;
  octal: string;
  mode: string;
  flag: boolean;
  counts: readonly number[] | 'never' | `${number},${string}` | `${number}`;
}

type ToldOf<Row extends { type: string }> = Row extends { choices: readonly (infer Choice)[] }
  ? Choice
  : Row extends { type: keyof Told }
    ? Told[Row['type']]
    : never;

type Word<Row> = Row extends { untold: 'auto' } ? 'auto' : MayBeNever<Row> extends true ? 'never' : never;
// Of its type, Infinity is any number: the rows that may be "never" are those whose default is no literal.
type MayBeNever<Row> = Row extends { zeroIsNever: true }
  ? true
  : Row extends { untold: infer Untold }
    ? number extends Untold
      ? true
      : false
    : false;

/**
 * What the configuration file of `truefork serve` exports. docs/prefork.md has the settings; times are milliseconds, or text
 * such as `'30s'`, sizes bytes, or text such as `'200M'`.
 *
 * @example
 * import type { ServeConfig } from 'truefork/prefork';
 * export default { application: 'app.mjs', port: 8080, maxMemory: '200M' } satisfies ServeConfig;
 */
export type ServeConfig = {
  readonly [Name in SettingName]?: ToldOf<(typeof settingTable)[Name]> | Word<(typeof settingTable)[Name]> | undefined;
};
