// What a family tells of itself: the one table of its log and its history, and how a fact is written.
import { fieldsOf, type Fields, type LogLevel } from '../log-fields.js';
import { uncaught } from '../uncaught.js';
import { MOLD } from './cell.js';

/** A fact, as one would log it in JSON. */
export interface PreforkRecord {
  /** How grave it is. */
  readonly level: LogLevel;
  /** What has happened. */
  readonly event: PreforkFact;
  /** `orphan`: a process that this one was left with when its parent ended. */
  readonly role: 'master' | 'worker' | 'mold' | 'orphan';
  /** The process; absent if there is none. */
  readonly pid?: number;
  /** The place of a worker, from 0. */
  readonly worker?: number;
  /** Of an exit: whether the master had told the process to end, or everything stops. */
  readonly asked?: boolean;
  /** What else there is to tell: `ms`, `status`, `signal` and the like. */
  readonly [field: string]: string | number | boolean | undefined;
}

/** Where the log goes. */
export interface PreforkLog {
  /** Each fact as a line: `worker=0 pid=2 ready ms=3.1`. */
  readonly log?: (line: string) => void;
  /** Each fact as an object. */
  readonly logRecord?: (record: PreforkRecord) => void;
}

interface Row {
  /** What the line says between the process and the fields. */
  readonly says: string;
  /** Default: that of the subject. */
  readonly role?: PreforkRecord['role'];
  /** Default `info`. */
  readonly level?: LogLevel;
  /** The fields that the history has: of one alone, its value; of a list, with their names. */
  readonly kept?: string | readonly string[];
}

/** What can happen. The history has what is kept. */
const table = {
  listening: { says: 'listening' },
  'status page': { says: 'status' },
  'no status file': { says: 'scoreboard=private', level: 'warn' },
  'no control': { says: 'control=none', level: 'warn' },
  'no stacks': { says: 'stacks=none', level: 'warn' },
  'no pid file': { says: 'pidFile=none', level: 'warn' },
  'pid file left': { says: 'pidFile=left', level: 'warn' },
  'no orphans': { says: 'orphans=none', level: 'warn' },
  'orphan exit': { says: 'exited', role: 'orphan' },
  registered: { says: 'registered' },
  fork: { says: 'forked', kept: ['generation'] },
  'fork failed': { says: 'fork failed', level: 'warn', kept: 'reason' },
  ready: { says: 'ready', kept: [] },
  exit: { says: 'exited', kept: ['code', 'signal', 'status'] },
  respawn: { says: 'respawn' },
  hang: { says: 'hangs', level: 'warn' },
  kill: { says: 'killing', level: 'warn', kept: 'reason' },
  recycle: { says: 'recycling', kept: 'reason' },
  promote: { says: 'promoted' },
  reload: { says: 'reload', kept: ['from'] },
  reloaded: { says: 'reloaded', kept: ['generation'] },
  'reload failed': { says: 'reload failed', level: 'warn', kept: 'reason' },
  refork: { says: 'refork', kept: ['from'] },
  reforked: { says: 'reforked', kept: ['generation'] },
  'refork failed': { says: 'refork failed', level: 'warn', kept: 'reason' },
  upgrade: { says: 'upgrade', kept: [] },
  upgraded: { says: 'upgraded', kept: ['successor'] },
  'upgrade failed': { says: 'upgrade failed', level: 'warn', kept: 'reason' },
  'mold fork': { says: 'forked', kept: ['generation'] },
  'mold ready': { says: 'ready', kept: ['generation'] },
  'mold failed': { says: 'failed', level: 'error' },
  'load failed': { says: 'failed', level: 'error' },
  'mold exit': { says: 'exited', kept: ['code', 'signal', 'status'] },
  scale: { says: 'scale', kept: ['workers', 'from'] },
  signal: { says: '', kept: 'signal' },
  'signal ignored': { says: 'ignored' },
  control: { says: '' },
  reopened: { says: 'reopened logs' },
  'reopen failed': { says: 'reopen failed', level: 'warn' },
  'notify failed': { says: 'notify failed', level: 'warn' },
  'giving up': { says: 'giving up', level: 'error' },
  stop: { says: 'stopping', kept: 'how' },
  'beforeStop failed': { says: 'beforeStop failed', level: 'warn' },
  'beforeWorkerExit failed': { says: 'beforeWorkerExit failed', level: 'warn' },
  stopped: { says: 'stopped' },
} as const satisfies Record<string, Row>;

type Table = typeof table;

/** What a family tells of itself, by name. */
export type PreforkFact = keyof Table;

/** What the history has. */
export type HistoryKind = { [Name in PreforkFact]: Table[Name] extends { kept: unknown } ? Name : never }[PreforkFact];

/** What a fact is about: a process and a place, `MOLD` for a mold; the master if both are absent. @inline */
interface Subject {
  readonly worker?: number;
  readonly pid?: number;
  /** Of an exit. */
  readonly asked?: boolean;
}

/** Tells a fact. */
export type Note = (name: PreforkFact, subject?: Subject, fields?: Fields) => void;

/** What tells facts to a log. */
export function noteTo({ log, logRecord }: PreforkLog): Note {
  return (name, subject = {}, fields = {}) => {
    const { worker, asked } = subject;
    const row: Row = table[name];
    const role = row.role ?? (worker === undefined ? 'master' : worker === MOLD ? 'mold' : 'worker');
    const pid = role === 'master' ? process.pid : subject.pid;
    const record: PreforkRecord = {
      level: asked === false ? 'warn' : (row.level ?? 'info'),
      event: name,
      role,
      ...(pid !== undefined && { pid }),
      ...(role === 'worker' && { worker }),
      ...(asked !== undefined && { asked }),
      ...cut(fields),
    };
    // A server goes on where its log cannot be written.
    uncaught(() => {
      logRecord?.(record);
      log?.(lineOf(record));
    });
  };
}

// The most bytes that a value has, as JSON: an error may say as much as it likes. Several processes write to one log, and a line
// of more than PIPE_BUF, 4,096 bytes, goes into a pipe in pieces: pipe(7).
const LONGEST = 3_000;

function cut(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? cutText(value) : value]),
  );
}

function cutText(text: string): string {
  const bytes = Buffer.byteLength(JSON.stringify(text));
  // Again where the characters at its beginning have more bytes than the others.
  return bytes <= LONGEST ? text : cutText(`${text.slice(0, Math.floor((text.length * LONGEST) / bytes) - 2)}…`);
}

// What a line says in its own way, or not at all.
const apart: readonly string[] = ['level', 'event', 'role', 'pid', 'worker', 'asked'] satisfies (keyof PreforkRecord)[];

/** A fact as a line for people: `worker=0 pid=2 ready ms=3.1`. */
export function lineOf(record: PreforkRecord): string {
  const { event, role, pid, worker } = record;
  const who = role === 'worker' ? `worker=${worker}` : role;
  const fields = Object.fromEntries(Object.entries(record).filter(([name]) => !apart.includes(name)));
  const { says }: Row = table[event];
  return [who, pid !== undefined && `pid=${pid}`, says, fieldsOf(fields)].filter(Boolean).join(' ');
}

/** What the history has of a fact; undefined if it has not the fact. */
export function keptOf(name: PreforkFact, told: Fields = {}): { kind: HistoryKind; detail?: string } | undefined {
  const { kept }: Row = table[name];
  if (kept === undefined) return undefined;
  const fields = cut(told);
  const detail =
    typeof kept === 'string'
      ? String(fields[kept])
      : fieldsOf(Object.fromEntries(kept.map((field) => [field, fields[field]])));
  return { kind: name as HistoryKind, ...(detail !== '' && { detail }) };
}
