// Every setting of `truefork serve`: the one table of its flags, their help, its configuration file and the guide. Those that
// `prefork()` has too are the same rows.
import { MOST_WORKERS } from './scoreboard.js';
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
  /** `auto`: that may be told, too. */
  readonly untold: number | 'auto';
}

interface TextSetting extends Described {
  /** `octal`: permission bits in octal digits. */
  readonly type: 'text' | 'path' | 'octal';
}

interface FlagSetting extends Described {
  readonly type: 'flag';
}

export type SettingRow = (NumberSetting & Described) | CountSetting | TextSetting | FlagSetting;

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
    type: 'text',
    placeholder: 'HOST',
    untoldMeans: 'every address',
    help: 'The name or address to listen on.',
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
  ...numberSettings,
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
    help: 'Where to register: file:///DIRECTORY.',
  },
  pidFile: { type: 'path', help: "Write the master's pid to this file while the server accepts." },
  daemon: {
    type: 'flag',
    help: 'Run in the background; return when the server accepts, or tell why it does not.',
  },
  logFile: {
    type: 'path',
    untoldMeans: '/dev/null',
    help: 'Append the output of a daemon to this file.',
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

export const settingTable = { ...ofPrefork, ...ofServe } as const;

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
  path: string;
  octal: string;
  flag: boolean;
}

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
  readonly [Name in SettingName]?:
    Told[(typeof settingTable)[Name]['type']] | Word<(typeof settingTable)[Name]> | undefined;
};
