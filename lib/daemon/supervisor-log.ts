// What a supervisor tells: the one table of its log, and how a fact is written.
import { fieldsOf, type Fields, type LogLevel } from '../log-fields.js';

interface Row {
  readonly says: string;
  readonly role: 'supervisor' | 'program';
  /** Default `info`. */
  readonly level?: LogLevel;
}

/** What can happen. */
const table = {
  supervise: { says: 'supervising', role: 'supervisor' },
  start: { says: 'started', role: 'program' },
  'start failed': { says: 'start failed', role: 'supervisor', level: 'warn' },
  'check failed': { says: 'check failed', role: 'program', level: 'warn' },
  kill: { says: 'killing', role: 'program', level: 'warn' },
  exit: { says: 'exited', role: 'program' },
  restart: { says: 'restart', role: 'supervisor' },
  signal: { says: '', role: 'supervisor' },
  'giving up': { says: 'giving up', role: 'supervisor', level: 'error' },
  stop: { says: 'stopping', role: 'supervisor' },
  stopped: { says: 'stopped', role: 'supervisor' },
} as const satisfies Record<string, Row>;

/** What a supervisor tells of itself and of the program, by name. */
export type SupervisorFact = keyof typeof table;

/** A fact, as one would log it in JSON. */
export interface SupervisorRecord {
  /** How grave it is. */
  readonly level: LogLevel;
  /** What has happened. */
  readonly event: SupervisorFact;
  /** Who it is about. */
  readonly role: 'supervisor' | 'program';
  /** The process that it is about. */
  readonly pid: number;
  /** What else there is to tell: `status`, `signal`, `ms` and the like. */
  readonly [field: string]: string | number | boolean | undefined;
}

/** Where the log goes. */
export interface SupervisorLog {
  /** Each fact as a line: `program pid=2 exited signal=SIGSEGV`. */
  readonly log?: (line: string) => void;
  /** Each fact as an object. */
  readonly logRecord?: (record: SupervisorRecord) => void;
}

/** Tells a fact. @param pid of the program, where the fact is about it */
export type Tell = (event: SupervisorFact, fields?: Fields, pid?: number) => void;

/** What tells facts to a log. */
export function tellTo({ log, logRecord }: SupervisorLog): Tell {
  return (event, fields = {}, pid = process.pid) => {
    const { says, role, level = 'info' }: Row = table[event];
    logRecord?.({ level, event, role, pid, ...fields });
    log?.([role, `pid=${pid}`, says, fieldsOf(fields)].filter(Boolean).join(' '));
  };
}
