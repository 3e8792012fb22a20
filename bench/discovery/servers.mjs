// Real ZooKeeper servers: those of the tests, whose module is TypeScript.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { transformFile } from '@swc/core';

const kit = join(import.meta.dirname, '..', '..', 'test', 'support', 'zookeeper.ts');
const { code } = await transformFile(kit, {
  module: { type: 'es6' },
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
});
const { startEnsemble, startServer } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

const live = new Set();

async function kept(starting) {
  const started = await starting;
  live.add(started);
  return started;
}

/** One that stands alone. */
export const standalone = () => kept(startServer());

/** Three that are one service. */
export const ensemble = () => kept(startEnsemble());

export async function destroy(started) {
  live.delete(started);
  await started.destroy();
}

/** Ends those that an error has left. */
export async function destroyAll() {
  for (const started of live) await destroy(started);
}

/** Answers the command that installs ZooKeeper, if it is not there. */
export function serversMissing() {
  const there = ['/usr/share/java/zookeeper.jar', '/usr/share/java/slf4j-simple.jar', '/usr/bin/java'];
  return there.every((path) => existsSync(path)) ? undefined : 'apt-get install zookeeper';
}
