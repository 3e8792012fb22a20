// Real ZooKeeper servers: those of the tests.
import { existsSync } from 'node:fs';
import { importSupport } from '../../test/support/import.mjs';

const { startEnsemble, startServer } = await importSupport('zookeeper.ts');

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
