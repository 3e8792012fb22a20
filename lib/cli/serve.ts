import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { Server } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Identity } from '../daemon/index.js';
import type { Registry } from '../discovery/index.js';
import {
  isPreforkOption,
  openListener,
  prefork,
  settingNames,
  type Master,
  type PreforkOptions,
} from '../prefork/index.js';
import { UsageError, type Call, type Command } from './command.js';
import { configurationOf, printed, settingOptions, type Values } from './configuration.js';
import { complaintOf, exitCodeOf, exitCodes, Failure } from './exit-codes.js';
import { loaded } from './loading.js';
import { check, checkAlone, detached, publish, settle } from './process-settings.js';
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

function preforkOptions(values: Values): PreforkOptions {
  const told = settingNames.filter((name) => isPreforkOption(name) && values[name] !== undefined);
  return Object.fromEntries(told.map((name) => [name, values[name]]));
}

async function listening(values: Values) {
  try {
    return await openListener(preforkOptions(values));
  } catch (error) {
    throw new Failure('address', (error as Error).message, error);
  }
}

async function run(call: Call): Promise<undefined> {
  const configuration = await configurationOf(call);
  const { values } = configuration;
  const identity = await check(values);
  if (call.options['print-config'] === true) process.stdout.write(printed(configuration));
  if (call.options['check-config'] === true) {
    settle(values, identity);
    await loaded(values.application ?? '', serverFrom);
  }
  // Also when the application has timers or connections.
  if (call.options['print-config'] === true || call.options['check-config'] === true) process.exit();
  checkAlone(values);
  if (!values.daemon) {
    await serveAs(values, identity);
    return;
  }
  const daemon = detached(values);
  try {
    await serveAs(values, identity);
    daemon.ready();
  } catch (error) {
    daemon.failed(complaintOf(error), exitCodeOf(error));
    throw error;
  }
}

async function serveAs(values: Values, identity: Identity | undefined): Promise<void> {
  const listener = await listening(values);
  settle(values, identity);
  const server = await loaded(values.application ?? '', serverFrom);
  let registry: Registry | undefined;
  const master = await prefork(server, {
    ...preforkOptions(values),
    listener,
    log,
    beforeStop: async () => {
      if (!registry) return;
      await registry.close();
      await sleep(PROPAGATION);
    },
  });
  try {
    // Only now: who finds it finds workers that accept, and no worker shares its descriptor.
    publish(values, master);
    if (values.register !== undefined) registry = await registered(values.register, values.registry, master.address);
  } catch (error) {
    await master.stop();
    throw error;
  }
}

async function registered(name: string, url: string | undefined, at: Master['address']): Promise<Registry> {
  const address = { host: reachable(at.host), port: at.port };
  const registry = await openRegistry(url, name);
  try {
    await registry.register(name, address);
  } catch (error) {
    await registry.close();
    throw error;
  }
  log(`master pid=${process.pid} registered name=${name} host=${address.host} port=${address.port}`);
  return registry;
}

export const serve: Command = {
  name: 'serve',
  summary: 'Serve what FILE exports, on forks of one process.',
  operands: ['[FILE]'],
  options: {
    config: { type: 'string', short: 'c', value: 'FILE', help: 'Read settings from this file. Flags win over it.' },
    'check-config': { type: 'boolean', help: 'Check all settings, load FILE, and serve nothing.' },
    'print-config': { type: 'boolean', help: 'Print all settings as JSON, and where each comes from.' },
    ...settingOptions,
  },
  tables: {
    'Exit codes': Object.values(exitCodes).map(({ code, help }) => [String(code), help]),
  },
  run,
};
