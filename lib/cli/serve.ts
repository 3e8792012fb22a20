import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { redirectOutput, type PidFile } from '../daemon/index.js';
import type { Address, Registry } from '../discovery/index.js';
import {
  noteTo,
  openListener,
  predecessor,
  prefork,
  type Command as Program,
  type Listener,
} from '../prefork/index.js';
import { loaded, Loader } from './application.js';
import type { Call, Command } from './command.js';
import { configurationOf, preforkOptions, printed, settingOptions, type Configuration } from './configuration.js';
import { heedSignals } from './early-signals.js';
import { complaintOf, exitCodeOf, exitCodes, Failure } from './exit-codes.js';
import { logOf } from './log.js';
import { say } from './output.js';
import { asWhoItIs, ownCommand } from './own-command.js';
import { check, checkAlone, detached, keep, publish, setUmask, settle } from './process-settings.js';
import { instanceAt, isZooKeeper, openRegistry } from './registry.js';

// How long clients are given to hear that the service has left the registry, before its workers stop accepting: on this
// machine, and through a network.
const PROPAGATION = { file: 50, zookeeper: 200 }; // milliseconds

// The variable with the id that a server is registered by.
const INSTANCE = 'TRUEFORK_INSTANCE';

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
  heedSignals();
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
  if (call.options['print-config'] === true) say(printed(configuration));
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
  const { register, registry, advertise } = values;
  const instance = beforeServing(listener, () => {
    return register === undefined ? undefined : instanceAt(listener.address, registry, advertise);
  });
  const daemon = beforeServing(listener, () => detached(values, identity));
  try {
    beforeServing(listener, () => {
      settle(values, identity);
    });
    await serveOn(listener, instance, configuration, identity ? asWhoItIs(command) : command);
    daemon?.ready();
  } catch (error) {
    daemon?.failed(complaintOf(error), exitCodeOf(error));
    throw error;
  }
}

async function serveOn(
  listener: Listener,
  instance: Address | undefined,
  configuration: Configuration,
  command: Program,
): Promise<void> {
  const { values } = configuration;
  const id = instanceId();
  const loader = new Loader(values.application ?? '');
  const { logFile } = values;
  const log = await logOf(values.logFormat);
  let registry: Registry | undefined;
  let pidFile: PidFile | undefined;
  let master;
  try {
    master = await prefork(() => loader.load(), {
      ...preforkOptions(configuration),
      listener,
      ...log,
      ...(logFile !== undefined && {
        reopenLogs: () => {
          redirectOutput(logFile);
        },
      }),
      command: { ...command, env: { ...command.env, [INSTANCE]: id } },
      beforeReady: async () => {
        loader.started();
        // Only now: who finds it finds workers that accept, and no worker shares its descriptor.
        if (values.register !== undefined && instance) {
          registry = await registered(values.register, values.registry, instance, id);
          noteTo(log)('registered', {}, { name: values.register, ...instance });
        }
        // Last: what fails after it would have to put back that of another master.
        pidFile = publish(values);
      },
      beforeStop: async () => {
        if (!registry) return;
        await registry.close();
        await sleep(isZooKeeper(values.registry) ? PROPAGATION.zookeeper : PROPAGATION.file);
      },
      beforeWorkerExit: () => loader.beforeWorkerExit(),
    });
  } catch (error) {
    throw loader.reasonOf(error);
  }
  if (pidFile) keep(pidFile, master, noteTo(log));
}

// Told by the master whose place this process is to take: in the registry, both are the same.
function instanceId(): string {
  const told = process.env[INSTANCE];
  // It is not for what is served, which may serve something itself.
  Reflect.deleteProperty(process.env, INSTANCE);
  return predecessor() && told !== undefined ? told : randomUUID();
}

async function registered(name: string, url: string | undefined, instance: Address, id: string): Promise<Registry> {
  const registry = await openRegistry(url, name);
  try {
    await registry.register(name, instance, { id });
  } catch (error) {
    await registry.close();
    throw error;
  }
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
