// The log of `truefork serve`: on stderr, as JSON lines, or as text for people.
import { lineOf, type PreforkLog, type PreforkRecord } from '../prefork/index.js';
import { timeOfDay } from './figures.js';
import { tell } from './output.js';
import { painted, wantsColour } from './terminal.js';

/** @param format `auto`: text on a terminal, JSON elsewhere */
export async function logOf(format: 'auto' | 'text' | 'json'): Promise<PreforkLog> {
  const terminal = process.stderr.isTTY;
  if (format === 'json' || (format === 'auto' && !terminal)) return { logRecord: await jsonLog() };
  return terminal ? { logRecord: writeTimed } : { log: writeLine };
}

function writeLine(line: string): void {
  tell(`${line}\n`);
}

// How long a line waits for who reads, in milliseconds: for one who is slow, not for one who does not read.
const PATIENCE = 1_000;

const colours = { info: undefined, warn: 'yellow', error: 'red' } as const;

function writeTimed(record: PreforkRecord): void {
  const look = { colour: wantsColour(process.stderr) };
  writeLine(`${painted(timeOfDay(), 'dim', look)} ${painted(lineOf(record), colours[record.level], look)}`);
}

async function jsonLog(): Promise<(record: PreforkRecord) => void> {
  // Loaded only where it is used.
  const { destination, pino, stdTimeFunctions } = await import('pino');
  // By performance.now(), of the first line that there was no room for since one that there was.
  let full: number | undefined;
  // Of a pipe, which Node.js has made one that does not block. Each answer but the last costs 100 ms.
  const retryEAGAIN = () => performance.now() - (full ??= performance.now()) < PATIENCE;
  // At once: nothing is to be lost at the end of a process, and nothing written twice because it was forked.
  const open = () => destination({ fd: process.stderr.fd, sync: true, retryEAGAIN }).on('error', onError);
  // The disk is full, or nobody reads: a server goes on without its log, and does not keep for later what it could not write.
  const onError = () => {
    out = open();
  };
  let out = open();
  const write = (line: string) => {
    const before = out;
    out.write(line);
    if (out === before) full = undefined;
  };
  const logger = pino(
    {
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write },
  );
  return ({ level, ...fields }) => {
    logger[level](fields);
  };
}
