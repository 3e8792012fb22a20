// How this command was called, so that it can be called again.
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../prefork/index.js';

/** What `become` sets, or unsets, of the environment. */
const ofIdentity = ['HOME', 'USER', 'LOGNAME', 'XDG_RUNTIME_DIR'] as const;

/** This command, as it is: before anything has changed the directory or the environment. */
export function ownCommand(): Command {
  return { argv: commandLine(), cwd: workingDirectory(), env: { ...process.env } };
}

/** The same for who this process is now. */
export function asWhoItIs(command: Command): Command {
  const now = Object.fromEntries(ofIdentity.map((name) => [name, process.env[name]]));
  return { ...command, env: { ...command.env, ...now } };
}

/**
 * As it was typed: where a path leads through a symbolic link, or a name through PATH, another version of Node.js or of this
 * program may be there the next time. What Node.js tells of it (`process.execPath`, `process.argv[1]`) is resolved.
 */
function commandLine(): string[] {
  const { argv, execArgv, execPath } = process;
  const resolved = [execPath, ...execArgv, ...argv.slice(1)];
  const typed = readFileSync('/proc/self/cmdline', 'utf8').split('\0').slice(0, -1);
  const [name = '', ...rest] = typed;
  // Whoever has given the process a title (`node --title`) has written over it.
  if (typed.length !== resolved.length || typed.at(-1) !== resolved.at(-1)) return resolved;
  return [leadsTo(name, execPath) ? name : execPath, ...rest];
}

/** Whether a shell would find this file by that name. */
function leadsTo(name: string, file: string): boolean {
  const folders = name.includes('/') ? [''] : (process.env['PATH'] ?? '').split(':');
  const found = folders.map((folder) => realPath(join(folder, name))).find((path) => path !== undefined);
  return found === file;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** As a shell has it, which may have come through a symbolic link. */
function workingDirectory(): string {
  const cwd = process.cwd();
  const { PWD } = process.env;
  const [own, told] = [cwd, PWD ?? ''].map((path) => statSync(path, { throwIfNoEntry: false }));
  return PWD?.startsWith('/') && told && own?.ino === told.ino && own.dev === told.dev ? PWD : cwd;
}
