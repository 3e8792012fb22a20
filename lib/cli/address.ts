// Where `truefork serve` listens, as its command line says it.
import { socketPath, type PreforkOptions, type ServerAddress } from '../prefork/index.js';
import { integerOption, textOption, UsageError, type Call, type Option } from './command.js';

export const addressOptions = {
  port: { type: 'string', short: 'p', value: 'N', help: 'The port. Default: one that is free.' },
  host: { type: 'string', value: 'HOST', help: 'The name or address to listen on. Default: every address.' },
  path: { type: 'string', value: 'PATH', help: 'A Unix socket, in place of both; @NAME: in the abstract namespace.' },
  'socket-mode': { type: 'string', value: 'MODE', help: "Its file's mode, octal. Default: 777 less the umask." },
  'reuse-port': { type: 'boolean', help: 'A listening socket on the port for each worker, by SO_REUSEPORT.' },
} as const satisfies Record<string, Option>;

type AddressChoice = Pick<PreforkOptions, 'port' | 'host' | 'path' | 'socketMode' | 'reusePort'>;

/** @throws {UsageError} there can be no such address */
export function addressFrom(call: Call): AddressChoice {
  const port = integerOption(call, 'port', 0, 65535);
  const host = textOption(call, 'host');
  const path = pathFrom(call);
  const socketMode = modeFrom(call);
  if (path !== undefined && (port !== undefined || host !== undefined)) {
    throw new UsageError('--path stands in place of --host and --port: they cannot be together');
  }
  if (socketMode !== undefined && (path === undefined || path.startsWith('\0'))) {
    throw new UsageError('--socket-mode needs --path PATH, that of a file');
  }
  const reusePort = call.options['reuse-port'] === true;
  if (reusePort && path !== undefined) throw new UsageError('--reuse-port is for a port, not for --path');
  return {
    reusePort,
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(path !== undefined && { path }),
    ...(socketMode !== undefined && { socketMode }),
  };
}

function pathFrom(call: Call): string | undefined {
  const text = textOption(call, 'path');
  if (text === undefined) return undefined;
  try {
    // No argument can contain a null byte. A file of such a name is ./@NAME.
    return socketPath('--path', text.replace(/^@/, '\0'));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function modeFrom(call: Call): number | undefined {
  const text = textOption(call, 'socket-mode');
  if (text === undefined) return undefined;
  if (!/^0?[0-7]{3}$/.test(text)) throw new UsageError(`--socket-mode takes an octal mode such as 660, not '${text}'`);
  return parseInt(text, 8);
}

/**
 * Where a client on this machine finds a server.
 *
 * @throws {Error} it listens on a Unix socket, which no registry can tell of
 */
export function instanceAt({ path, host, port }: ServerAddress): { host: string; port: number } {
  if (path !== undefined) throw new Error(`a server that listens on a path cannot be registered: ${path}`);
  return { host: host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host, port };
}
