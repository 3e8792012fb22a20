// The log of `truefork serve`: on stderr, as JSON lines, or as text for people.
import { styleText } from 'node:util';
import { lineOf, type PreforkLog, type PreforkRecord } from '../prefork/index.js';
import { wantsColour } from './screen.js';

/** @param format `auto`: text on a terminal, JSON elsewhere */
export async function logOf(format: 'auto' | 'text' | 'json'): Promise<PreforkLog> {
  const terminal = process.stderr.isTTY;
  if (format === 'json' || (format === 'auto' && !terminal)) return { logRecord: await jsonLog() };
  return terminal ? { logRecord: writeTimed } : { log: write };
}

function write(line: string): void {
  process.stderr.write(`${line}\n`);
}

const colours = { info: undefined, warn: 'yellow', error: 'red' } as const;

function writeTimed(record: PreforkRecord): void {
  const time = new Date().toTimeString().slice(0, 8);
  const line = lineOf(record);
  if (!wantsColour(process.stderr)) {
    write(`${time} ${line}`);
    return;
  }
  const colour = colours[record.level];
  // Decided above, of the stream that is written to; left to itself, it looks at stdout.
  const paint = (how: Parameters<typeof styleText>[0], text: string) => styleText(how, text, { validateStream: false });
  write(`${paint('dim', time)} ${colour ? paint(colour, line) : line}`);
}

async function jsonLog(): Promise<(record: PreforkRecord) => void> {
  // Loaded only where it is used.
  const { destination, pino, stdTimeFunctions } = await import('pino');
  const logger = pino(
    {
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    // At once: nothing is to be lost at the end of a process, and nothing written twice because it was forked.
    destination({ fd: process.stderr.fd, sync: true }),
  );
  return ({ level, ...fields }) => {
    logger[level](fields);
  };
}
