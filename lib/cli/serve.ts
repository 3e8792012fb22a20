import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '../discovery/index.js';
import { numberSettings, prefork, PreforkError, type Master, type NumberSettingName } from '../prefork/index.js';
import { addressFrom, addressOptions, instanceAt } from './address.js';
import { loaded } from './application.js';
import { integerOption, textOption, UsageError, type Call, type Command, type Option } from './command.js';
import { openRegistry } from './registry.js';

// How long clients are given to hear that the service has left the registry, before its workers stop accepting.
const PROPAGATION = 50; // milliseconds

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

function countsFrom(call: Call): number[] {
  const texts = textOption(call, 'refork-after')?.split(',') ?? [];
  return texts.map((text) => {
    if (!/^[1-9]\d{0,14}$/.test(text))
      throw new UsageError(`--refork-after takes numbers from 1, as 50,100,1000, not '${text}'`);
    return Number(text);
  });
}

async function run(call: Call): Promise<number | undefined> {
  const [file = ''] = call.operands;
  const workers = textOption(call, 'workers') === 'auto' ? 'auto' : (integerOption(call, 'workers', 1, 1024) ?? 'auto');
  const service = textOption(call, 'register');
  const url = textOption(call, 'registry');
  const address = addressFrom(call);
  if (service !== undefined && address.path !== undefined) {
    throw new UsageError('--register needs a port that clients can connect to, not --path');
  }
  if (url !== undefined && service === undefined) throw new UsageError('--registry needs --register NAME');
  // A mistake in these is told before anything is started.
  if (service !== undefined) await (await openRegistry(url, service)).close();

  if (!existsSync(file)) throw new UsageError(`there is no file ${file}`);
  let registry: Registry | undefined;
  let master: Master;
  try {
    master = await prefork(() => loaded(file), {
      ...address,
      inherit: true,
      workers,
      ...numbersFrom(call),
      reforkAfter: countsFrom(call),
      log,
      beforeStop: async () => {
        if (!registry) return;
        await registry.close();
        await sleep(PROPAGATION);
      },
    });
  } catch (error) {
    // The mold has said why it could not load the file.
    if (error instanceof PreforkError && error.status?.state === 'exited') return error.status.code;
    throw error;
  }
  if (service === undefined) return undefined;
  // Only now: clients must find workers that accept, and no worker shares the registry's descriptors.
  let instance;
  try {
    instance = instanceAt(master.address);
    registry = await openRegistry(url, service);
    await registry.register(service, instance);
  } catch (error) {
    await master.stop();
    throw error;
  }
  log(`master pid=${process.pid} registered name=${service} host=${instance.host} port=${instance.port}`);
  return undefined;
}

export const serve: Command = {
  name: 'serve',
  summary: 'Serve what FILE exports, on forks of one process.',
  operands: ['FILE'],
  options: {
    ...addressOptions,
    workers: { type: 'string', short: 'w', value: 'N', help: 'How many workers. Default: auto, one a processor.' },
    ...numberOptions,
    'refork-after': {
      type: 'string',
      value: 'N,N,…',
      help: 'Replace all by forks of a warm worker when one has served so many requests: at first, then, and so on.',
    },
    register: { type: 'string', value: 'NAME', help: 'Register the server as an instance of this service.' },
    registry: { type: 'string', value: 'URL', help: "Where: file:///DIRECTORY. Default: this user's own." },
  },
  run,
};
