import { answersHttp, answersTcp, supervise as keepRunning, type Check } from '../daemon/index.js';
import { fieldsOf, manner } from '../log-fields.js';
import { INT_MAX } from '../mistakes.js';
import { adoptsOrphans, StrangerReaper } from '../reaper/index.js';
import { integerOption, textOption, UsageError, type Call, type Command } from './command.js';
import { exitCodes } from './exit-codes.js';
import { tell } from './output.js';
import { amountOf } from './units.js';

const LAST_PORT = 65_535;

function durationOption(call: Call, name: string): number | undefined {
  const text = textOption(call, name);
  if (text === undefined) return undefined;
  const amount = amountOf('duration', text);
  if (amount !== undefined && amount <= INT_MAX) return amount;
  throw new UsageError(`--${name} takes milliseconds, or a time such as 30s or 5m, not '${text}'`);
}

function checkFrom(call: Call): Check | undefined {
  const url = textOption(call, 'http');
  const port = integerOption(call, 'tcp', 1, LAST_PORT);
  if (url !== undefined && port !== undefined) throw new UsageError('--http and --tcp are one too many');
  if (port !== undefined) return answersTcp(port);
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`--http takes a URL, not '${url}': one such as http://127.0.0.1:8080/health`);
  }
  return answersHttp(url);
}

/** As process 1 of a container it is left with what the program leaves behind: it waits for that, so that none stays a zombie. */
function reapOrphans(): void {
  if (!adoptsOrphans()) return;
  try {
    new StrangerReaper().on('exit', (pid, status) => {
      tell(`orphan pid=${pid} exited ${fieldsOf(manner(status))}\n`);
    });
  } catch (error) {
    const reason = (error as Error).message;
    tell(`supervisor pid=${process.pid} orphans=none ${fieldsOf({ reason })}\n`);
  }
}

async function run(call: Call): Promise<number> {
  const check = checkFrom(call);
  const checkInterval = durationOption(call, 'check-interval');
  const checkTimeout = durationOption(call, 'check-timeout');
  const checkFailures = integerOption(call, 'check-failures', 1, INT_MAX);
  const gracefulTimeout = durationOption(call, 'graceful-timeout');
  const maxFailures = integerOption(call, 'max-failures', 1, INT_MAX);
  reapOrphans();
  const supervisor = keepRunning(call.operands, {
    log: (line) => {
      tell(`${line}\n`);
    },
    ...(check && { check }),
    ...(checkInterval !== undefined && { checkInterval }),
    ...(checkTimeout !== undefined && { checkTimeout }),
    ...(checkFailures !== undefined && { checkFailures }),
    ...(gracefulTimeout !== undefined && { gracefulTimeout }),
    ...(maxFailures !== undefined && { maxFailures }),
  });
  return (await supervisor.ended) === 'stopped' ? exitCodes.ok.code : exitCodes.failure.code;
}

export const supervise: Command = {
  name: 'supervise',
  summary: 'Keep COMMAND running. Options of its own come after --.',
  operands: ['COMMAND', '[ARGUMENT…]'],
  options: {
    http: { type: 'string', value: 'URL', help: 'It answers if this URL has a status below 400.' },
    tcp: { type: 'string', value: 'PORT', help: 'It answers if it accepts on this port of 127.0.0.1.' },
    'check-interval': { type: 'string', value: 'TIME', help: 'From one answer to the next question. Default 5s.' },
    'check-timeout': { type: 'string', value: 'TIME', help: 'How long an answer may take. Default 5s.' },
    'check-failures': {
      type: 'string',
      value: 'N',
      help: 'So many missing answers in a row: it is started again. Default 1.',
    },
    'graceful-timeout': { type: 'string', value: 'TIME', help: 'From SIGTERM to SIGKILL. Default 10s.' },
    'max-failures': {
      type: 'string',
      value: 'N',
      help: 'Give up, with exit code 1, after N failures in a row. Default 10.',
    },
  },
  run,
};
