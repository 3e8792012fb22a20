import { setTimeout as sleep } from 'node:timers/promises';
import type { PidFile } from '../daemon/index.js';
import type { Registry } from '../discovery/index.js';
import {
  openListener,
  predecessor,
  prefork,
  type Command as Program,
  type Listener,
  type ServerAddress,
} from '../prefork/index.js';
import { loaded, Loader } from './application.js';
import type { Call, Command } from './command.js';
import { configurationOf, preforkOptions, printed, settingOptions, type Configuration } from './configuration.js';
import { complaintOf, exitCodeOf, exitCodes, Failure } from './exit-codes.js';
import { asWhoItIs, ownCommand } from './own-command.js';
import { check, checkAlone, detached, keep, publish, setUmask, settle } from './process-settings.js';
import { instanceAt, openRegistry } from './registry.js';

// How long clients are given to hear that the service has left the registry, before its workers stop accepting.
const PROPAGATION = 50; // milliseconds

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function listening(configuration: Configuration): Promise<Listener> {
  try {
    return await openListener(preforkOptions(configuration));
  } catch (error) {
    throw new Failure('address', (error as Error).message, error);
  }
}

/** Does something for a server that is not there yet: without it, there is to be no socket either. */
function beforeServing<T>(listener: Listener, action: () => T): T {
  try {
    return action();
  } catch (error) {
    listener.close();
    throw error;
  }
}

async function run(call: Call): Promise<undefined> {
  const command = ownCommand();
  const former = predecessor();
  try {
    await start(call, command);
  } catch (error) {
    former?.refuse((error as Error).message);
    throw error;
  }
}

async function start(call: Call, command: Program): Promise<void> {
  const configuration = await configurationOf(call);
  const { values } = configuration;
  const identity = await check(values);
  if (call.options['print-config'] === true) process.stdout.write(printed(configuration));
  if (call.options['check-config'] === true) {
    setUmask(values);
    settle(values, identity);
    await loaded(values.application ?? '');
  }
  // Also when the application has timers or connections.
  if (call.options['print-config'] === true || call.options['check-config'] === true) process.exit();
  checkAlone(values);
  setUmask(values);
  // As the process that was started: a socket may have been opened for it, and for no other.
  const listener = await listening(configuration);
  // Who takes the place of another is where that one is: in the background, if it is.
  const detaches = values.daemon && !predecessor();
  const daemon = beforeServing(listener, () => (detaches ? detached(values) : undefined));
  try {
    beforeServing(listener, () => {
      settle(values, identity);
    });
    await serveOn(listener, configuration, identity ? asWhoItIs(command) : command);
    daemon?.ready();
  } catch (error) {
    daemon?.failed(complaintOf(error), exitCodeOf(error));
    throw error;
  }
}

async function serveOn(listener: Listener, configuration: Configuration, command: Program): Promise<void> {
  const { values } = configuration;
  const loader = new Loader(values.application ?? '');
  let registry: Registry | undefined;
  let pidFile: PidFile | undefined;
  let master;
  try {
    master = await prefork(() => loader.load(), {
      ...preforkOptions(configuration),
      listener,
      command,
      log,
      beforeReady: async () => {
        loader.started();
        // Only now: who finds it finds workers that accept, and no worker shares its descriptor.
        if (values.register !== undefined) {
          registry = await registered(values.register, values.registry, listener.address);
        }
        // Last: what fails after it would have to put back that of another master.
        pidFile = publish(values);
      },
      beforeStop: async () => {
        if (!registry) return;
        await registry.close();
        await sleep(PROPAGATION);
      },
    });
  } catch (error) {
    throw loader.reasonOf(error);
  }
  if (pidFile) keep(pidFile, master, log);
}

async function registered(name: string, url: string | undefined, at: ServerAddress): Promise<Registry> {
  const { host, port } = instanceAt(at);
  const registry = await openRegistry(url, name);
  try {
    await registry.register(name, { host, port });
  } catch (error) {
    await registry.close();
    throw error;
  }
  log(`master pid=${process.pid} registered name=${name} host=${host} port=${port}`);
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
