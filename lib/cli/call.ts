import { performance } from 'node:perf_hooks';
import { createRpcClient } from '../rpc/index.js';
import { integerOption, textOption, UsageError, type Call, type Command } from './command.js';
import { say } from './output.js';
import { openRegistry, registryOption, warn } from './registry.js';

const TIMEOUT = 5_000; // milliseconds

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`the parameters must be JSON, such as 5 or '"text"'; this is not: ${text}`);
  }
}

async function run(call: Call): Promise<number> {
  const [service = '', method = '', json] = call.operands;
  const params = json === undefined ? null : parsed(json);
  const timeout = integerOption(call, 'timeout', 1, 2 ** 31 - 1) ?? TIMEOUT;
  const deadline = performance.now() + timeout;
  const registry = await openRegistry(textOption(call, 'registry'), service, {
    onWarning: warn,
    zookeeper: { timeout },
  });
  const client = createRpcClient({ registry, service });
  try {
    const left = Math.max(1, Math.round(deadline - performance.now()));
    const result = await client.call(method, params, { timeout: left });
    say(`${JSON.stringify(result)}\n`);
    return 0;
  } finally {
    await client.close();
    await registry.close();
  }
}

export const call: Command = {
  name: 'call',
  summary: 'Call METHOD of a live instance of service NAME, and print the result as JSON.',
  operands: ['NAME', 'METHOD', '[JSON]'],
  options: {
    timeout: { type: 'string', short: 't', value: 'MS', help: `Milliseconds until it gives up. Default: ${TIMEOUT}.` },
    registry: registryOption,
  },
  run,
};
