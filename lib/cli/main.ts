#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { call } from './call.js';
import { helpOf, helpOfAll, readCall, UsageError, type Command } from './command.js';
import { quit, refork, reload, scale, status, stop, upgrade } from './control.js';
import { complaintOf, exitCodeOf } from './exit-codes.js';
import { learn } from './learn.js';
import { didYouMean } from './nearest.js';
import { say, tell } from './output.js';
import { ps } from './ps.js';
import { serve } from './serve.js';
import { supervise } from './supervise.js';
import { widthOf } from './terminal.js';
import { top } from './top.js';
import { trace } from './trace.js';
import { watch } from './watch.js';

const commands: readonly Command[] = [
  serve,
  status,
  top,
  reload,
  refork,
  upgrade,
  scale,
  stop,
  quit,
  ps,
  watch,
  call,
  supervise,
  learn,
  trace,
];

function version(): string {
  const manifest = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function suggestion(name: string): string {
  return didYouMean(name, [...commands.map((command) => command.name), '--help', '--version']);
}

async function main([name, ...rest]: readonly string[]): Promise<number | undefined> {
  if (name === 'help' && rest[0] !== undefined) return main([rest[0], '--help']);
  if (name === '--help' || name === '-h' || name === 'help') {
    say(helpOfAll(commands, widthOf(process.stdout, Infinity)));
    return 0;
  }
  if (name === '--version') {
    say(`${version()}\n`);
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  try {
    if (name === undefined) throw new UsageError('COMMAND is missing');
    if (!command) throw new UsageError(`there is no command '${name}'${suggestion(name)}`);
    const parsed = readCall(command, rest);
    if (!parsed.help) return await command.run(parsed);
    say(helpOf(command, widthOf(process.stdout, Infinity)));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const hint = `(see truefork ${command ? `${command.name} ` : ''}--help)`;
    throw new UsageError(`${error.message} ${hint}`, { cause: error });
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    if (code !== undefined) process.exitCode = code;
  },
  (error: unknown) => {
    tell(complaintOf(error));
    // At once: what was loaded, an application or a configuration, may have timers or connections.
    process.exit(exitCodeOf(error));
  },
);
