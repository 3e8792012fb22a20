// What signals do to a prefork server: the one table of its handlers, its command line and its guide.

/** What the master does. */
type Action = 'stop' | 'quick' | 'reload' | 'reopen' | 'refork' | 'more' | 'fewer' | 'drain';

interface Row {
  readonly action: Action;
  /** What a worker does that gets the signal itself, or a mold; nothing if it is left out. */
  readonly worker?: 'stop' | 'quick' | 'retire' | 'promote' | 'reopen';
  readonly help: string;
}

/** What each signal does to a server: to its master, to a worker that gets it itself, and in words. */
export const signalTable = {
  SIGTERM: { action: 'stop', worker: 'stop', help: 'stop: the workers finish what they have in hand' },
  SIGQUIT: { action: 'stop', worker: 'stop', help: 'as SIGTERM' },
  SIGINT: { action: 'quick', worker: 'quick', help: 'stop at once; a second one kills workers that do not listen' },
  SIGHUP: { action: 'reload', help: 'load the application anew, and replace all workers, a few at a time' },
  SIGUSR1: {
    action: 'reopen',
    worker: 'reopen',
    help: 'open the log file anew, in every process: it has been renamed',
  },
  SIGUSR2: { action: 'refork', help: 'replace all workers by forks of one that is warm, a few at a time' },
  SIGTTIN: { action: 'more', worker: 'promote', help: 'one worker more' },
  SIGTTOU: { action: 'fewer', worker: 'retire', help: 'one worker less' },
  SIGWINCH: {
    action: 'drain',
    help: 'stop all workers, keep the master; not in a terminal, where it tells of a new size',
  },
} as const satisfies Partial<Record<NodeJS.Signals, Row>>;

export type HandledSignal = keyof typeof signalTable;

export const handledSignals = Object.keys(signalTable) as HandledSignal[];

/** What the signal does to the master, or to a worker that gets it itself. */
export function rowOf(signal: NodeJS.Signals): Row | undefined {
  return (signalTable as Partial<Record<NodeJS.Signals, Row>>)[signal];
}
