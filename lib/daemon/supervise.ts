import { boolean, callback, cString, INT_MAX, integer, list, object, text, wrongValue } from '../mistakes.js';
import type { Program } from './program.js';
import type { SupervisorLog } from './supervisor-log.js';
import { Supervisor, type Check, type SupervisorSettings } from './supervisor.js';

/** How a program is supervised. Times in milliseconds, 0 to 2³¹ - 1. */
export interface SuperviseOptions extends SupervisorLog {
  /**
   * Asked again and again whether the program answers; `answersTcp` and `answersHttp` make such. Default: that it lives is
   * enough.
   */
  readonly check?: Check;
  /** From the start to the first check, and from an answer to the next. Default 5,000. */
  readonly checkInterval?: number;
  /** How long an answer may take. Default 5,000. */
  readonly checkTimeout?: number;
  /** So many checks in a row without an answer: the program is ended, and started again. 1 and more. Default 1. */
  readonly checkFailures?: number;
  /** From SIGTERM to SIGKILL. Default 10,000. */
  readonly gracefulTimeout?: number;
  /** The wait after the second failure in a row: after the first there is none, and it doubles with each further one. Default 100. */
  readonly firstDelay?: number;
  /** The longest wait. Default 60,000. */
  readonly longestDelay?: number;
  /** A program that has run for so long was healthy: its end is the first failure in a row. Default 30,000. */
  readonly healthyAfter?: number;
  /** After so many failures in a row it is not started again. 1 and more, or `Infinity`. Default 10. */
  readonly maxFailures?: number;
  /**
   * Whether the signals of this process are the program's: SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU and SIGWINCH are handed
   * on to it, SIGTERM, SIGINT and SIGQUIT too, and are the end of both. Default true.
   */
  readonly signals?: boolean;
}

type Time = 'checkInterval' | 'checkTimeout' | 'gracefulTimeout' | 'firstDelay' | 'longestDelay' | 'healthyAfter';

function programOf(program: Program): Program {
  if (typeof program === 'function') return program;
  const strings = list('program', 'strings or a function', program, cString);
  if (strings.length === 0) throw wrongValue('program', 'must have the name of a command', program);
  text('program[0]', strings[0]);
  return strings;
}

function settingsOf(options: SuperviseOptions): SupervisorSettings {
  const { check, maxFailures = 10, signals = true, log, logRecord } = object('options', options);
  const time = (name: Time, preset: number) => integer(`options.${name}`, options[name] ?? preset, 0, INT_MAX);
  return {
    check: check === undefined ? undefined : callback('options.check', check),
    checkInterval: time('checkInterval', 5_000),
    checkTimeout: time('checkTimeout', 5_000),
    checkFailures: integer('options.checkFailures', options.checkFailures ?? 1, 1, INT_MAX),
    gracefulTimeout: time('gracefulTimeout', 10_000),
    firstDelay: time('firstDelay', 100),
    longestDelay: time('longestDelay', 60_000),
    healthyAfter: time('healthyAfter', 30_000),
    maxFailures: maxFailures === Infinity ? maxFailures : integer('options.maxFailures', maxFailures, 1, INT_MAX),
    signals: boolean('options.signals', signals),
    ...(log !== undefined && { log: callback('options.log', log) }),
    ...(logRecord !== undefined && { logRecord: callback('options.logRecord', logRecord) }),
  };
}

/**
 * Keeps a program running: starts it, and starts it again when it has ended or does not answer, the sooner the less often it has
 * failed.
 *
 * The program is a child in a session and a process group of its own, with the descriptors of this process. When it has ended,
 * what it has left in its group is killed. When the supervisor ends without a word, by SIGKILL say, the program gets SIGTERM
 * (PR_SET_PDEATHSIG); its own children do not.
 *
 * The event loop waits for the end of the program, and for checks by its own timers: the one `setitimer` of a process is left
 * to whoever else needs it.
 *
 * @param program a command and its arguments, looked for in `PATH`; or a function that is run in a forked child, as by
 *   `forkChild`
 * @throws {TypeError | RangeError} an argument that cannot be. (A program that cannot be started is an event, and a failure.)
 *
 * @example
 * await using supervisor = supervise(['node', 'server.js'], { check: answersHttp('http://127.0.0.1:8080/'), log: console.log });
 * await supervisor.ended;
 */
export function supervise(program: Program, options: SuperviseOptions = {}): Supervisor {
  return new Supervisor(programOf(program), settingsOf(options));
}
