import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { Server } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Registry } from '../discovery/index.js';
import { numberSettings, prefork, type NumberSettingName } from '../prefork/index.js';
import { integerOption, textOption, UsageError, type Call, type Command, type Option } from './command.js';
import { openRegistry } from './registry.js';

// How long clients are given to hear that the service has left the registry, before its workers stop accepting.
const PROPAGATION = 50; // milliseconds

type Listener = (...args: unknown[]) => unknown;

/** The server that a file exports by default: a server, a request listener, or a function that makes either. */
async function serverFrom(file: string): Promise<Server> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`there is no file ${file}`);
  let exported;
  try {
    exported = await exportOf(path);
  } catch (error) {
    // With its stack: the mistake is in somebody's program, and they want to know where.
    throw new Error(`${file} could not be loaded: ${inspect(error)}`, { cause: error });
  }
  if (exported instanceof Server) return exported;
  if (typeof exported === 'function') return createServer(exported as Listener);
  throw new UsageError(
    `${file} must export by default a server of net, http or https, a listener (request, response) => …, or a function without parameters that returns one`,
  );
}

async function exportOf(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  let exported = module.default;
  // A CommonJS file that a compiler made of an ES module.
  if (typeof exported === 'object' && exported !== null && '__esModule' in exported && 'default' in exported) {
    exported = exported.default;
  }
  return isFactory(exported) ? await exported() : exported;
}

// A request listener takes the request and the response: Express's and Koa's do.
function isFactory(value: unknown): value is () => unknown {
  return typeof value === 'function' && value.length < 2;
}

// An address that a client on this machine can connect to.
function reachable(host: string): string {
  return host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

const numberNames = Object.keys(numberSettings) as NumberSettingName[];

// gracefulTimeout: --graceful-timeout
function optionOf(name: NumberSettingName): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function defaultOf(untold: number): string {
  return untold === Infinity ? 'never' : String(untold);
}

const numberOptions = Object.fromEntries(
  numberNames.map((name) => {
    const { value, help, untold } = numberSettings[name];
    return [optionOf(name), { type: 'string', value, help: `${help} Default: ${defaultOf(untold)}.` } satisfies Option];
  }),
);

function numbersFrom(call: Call): Partial<Record<NumberSettingName, number>> {
  return Object.fromEntries(
    numberNames.flatMap((name) => {
      const { least, most } = numberSettings[name];
      const told = integerOption(call, optionOf(name), least, most);
      return told === undefined ? [] : [[name, told]];
    }),
  );
}

async function run(call: Call): Promise<undefined> {
  const [file = ''] = call.operands;
  const port = integerOption(call, 'port', 0, 65535) ?? 0;
  const workers = textOption(call, 'workers') === 'auto' ? 'auto' : (integerOption(call, 'workers', 1, 1024) ?? 'auto');
  const host = textOption(call, 'host');
  const statusPort = integerOption(call, 'status-port', 0, 65535);
  const statusHost = textOption(call, 'status-host');
  const service = textOption(call, 'register');
  const url = textOption(call, 'registry');
  if (statusHost !== undefined && statusPort === undefined) throw new UsageError('--status-host needs --status-port N');
  if (url !== undefined && service === undefined) throw new UsageError('--registry needs --register NAME');
  // A mistake in these is told before anything is started.
  if (service !== undefined) await (await openRegistry(url, service)).close();

  let registry: Registry | undefined;
  const master = await prefork(await serverFrom(file), {
    port,
    workers,
    ...numbersFrom(call),
    ...(host !== undefined && { host }),
    ...(statusPort !== undefined && { statusPort }),
    ...(statusHost !== undefined && { statusHost }),
    log,
    beforeStop: async () => {
      if (!registry) return;
      await registry.close();
      await sleep(PROPAGATION);
    },
  });
  if (service === undefined) return;
  // Only now: clients must find workers that accept, and no worker shares the registry's descriptors.
  const address = { host: reachable(master.address.host), port: master.address.port };
  try {
    registry = await openRegistry(url, service);
    await registry.register(service, address);
  } catch (error) {
    await master.stop();
    throw error;
  }
  log(`master pid=${process.pid} registered name=${service} host=${address.host} port=${address.port}`);
}

export const serve: Command = {
  name: 'serve',
  summary: 'Serve what FILE exports, on forks of one process.',
  operands: ['FILE'],
  options: {
    port: { type: 'string', short: 'p', value: 'N', help: 'The port. Default: one that is free.' },
    host: { type: 'string', value: 'HOST', help: 'The name or address to listen on. Default: every address.' },
    workers: { type: 'string', short: 'w', value: 'N', help: 'How many workers. Default: auto, one a processor.' },
    ...numberOptions,
    'status-port': { type: 'string', value: 'N', help: 'The port of the status page. Default: there is none.' },
    'status-host': { type: 'string', value: 'HOST', help: 'The host of the status page. Default: 127.0.0.1.' },
    register: { type: 'string', value: 'NAME', help: 'Register the server as an instance of this service.' },
    registry: { type: 'string', value: 'URL', help: "Where: file:///DIRECTORY. Default: this user's own." },
  },
  run,
};
