// The commands that ask a running master for something.
import type { MasterStatus } from '../prefork/index.js';
import { UsageError, type Call, type Command } from './command.js';
import { asked, processOf } from './master.js';
import { say } from './output.js';
import { snapshotOf } from './top.js';

function asJson(result: unknown): string {
  return JSON.stringify(result, undefined, 2);
}

async function demand(operand: string, request: string, show = asJson): Promise<number> {
  const result = await asked(processOf(operand), request);
  if (result !== null) say(`${show(result)}\n`);
  return 0;
}

export const status: Command = {
  name: 'status',
  summary: 'Tell what a master, its molds and its workers do.',
  operands: ['PID|PIDFILE'],
  options: {
    json: { type: 'boolean', help: 'As JSON, all there is to know. So it is too where stdout is no terminal.' },
  },
  run: ({ operands: [pid = ''], options }: Call) =>
    options['json'] === true || !process.stdout.isTTY
      ? demand(pid, 'status')
      : demand(pid, 'status', (result) => snapshotOf(result as MasterStatus)),
};

export const stop: Command = {
  name: 'stop',
  summary: 'Stop a server: its workers finish what they have in hand. Returns when the master has ended.',
  operands: ['PID|PIDFILE'],
  options: { quick: { type: 'boolean', help: 'Do not wait for what is in hand.' } },
  run: ({ operands: [pid = ''], options }: Call) => demand(pid, options['quick'] === true ? 'stop quick' : 'stop'),
};

/** A command that asks one thing of a master, and has no options. */
function asking(name: string, summary: string, request = name): Command {
  return {
    name,
    summary,
    operands: ['PID|PIDFILE'],
    options: {},
    run: ({ operands: [pid = ''] }: Call) => demand(pid, request),
  };
}

export const quit = asking('quit', 'As stop without --quick.', 'stop');

export const reload = asking(
  'reload',
  'Load the application anew, and replace all workers, a few at a time. Returns when the new ones serve.',
);

export const refork = asking(
  'refork',
  'Replace all workers by forks of one that is warm, a few at a time. Returns when the new ones serve.',
);

export const upgrade = asking(
  'upgrade',
  'Execute the whole server anew, master and all, and print its new pid. Returns when it serves; else the old one goes on.',
);

export const scale: Command = {
  name: 'scale',
  summary: 'Change the number of workers.',
  operands: ['PID|PIDFILE', 'N'],
  options: {},
  run: ({ operands: [pid = '', workers = ''] }: Call) => {
    if (!/^\d{1,4}$/.test(workers)) throw new UsageError(`N is a number from 0 to 1024, not '${workers}'`);
    return demand(pid, `scale ${workers}`);
  },
};
