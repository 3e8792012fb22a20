// The ZooKeeper of the lessons about a cluster: that of ZOOKEEPER_URL=zk://host:port, or a new one of Debian's package, which is
// gone when the lesson is over.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZooKeeperClient } from 'truefork/zookeeper';

const JARS = ['zookeeper.jar', 'slf4j-simple.jar', 'netty-codec.jar'].map((name) => `/usr/share/java/${name}`);
const JAVA = ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dzookeeper.jmx.log4j.disable=true'];

// Milliseconds. The shortest session is two ticks; a Java program takes a second or two to start.
const TICK = 200;
const PATIENCE = 60_000;

/**
 * Runs a lesson with a ZooKeeper. Where there is none, it says how to get one, and the exit code is 1.
 *
 * @param {(hosts: string) => Promise<void>} lesson is told where it is, as `host:port`
 */
export async function withZooKeeper(lesson) {
  const url = process.env.ZOOKEEPER_URL;
  if (url !== undefined) return lesson(url.replace('zk://', ''));
  if (!JARS.every(existsSync)) {
    console.error(
      'There is no ZooKeeper here. On Debian: apt-get install --no-install-recommends zookeeper default-jre-headless',
    );
    console.error('One that runs already: ZOOKEEPER_URL=zk://127.0.0.1:2181 node program.mjs');
    process.exitCode = 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
  const port = await freePort();
  const server = start(folder, port);
  const ended = once(server, 'exit');
  const endsEarly = ended.then(([code, signal]) => {
    throw new Error(`the ZooKeeper of this lesson ended with ${signal ?? `exit code ${code}`}`);
  });
  try {
    await Promise.race([answers(`127.0.0.1:${port}`), endsEarly]);
    await Promise.race([lesson(`127.0.0.1:${port}`), endsEarly]);
  } finally {
    server.kill('SIGKILL');
    await ended.catch(() => undefined);
    rmSync(folder, { recursive: true, maxRetries: 10 });
  }
}

function start(folder, port) {
  const data = join(folder, 'data');
  mkdirSync(data);
  const settings = {
    tickTime: TICK,
    dataDir: data,
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    'admin.enableServer': false,
  };
  writeFileSync(
    join(folder, 'zoo.cfg'),
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const java = ['java', ...JAVA, '-cp', JARS.join(':'), main, './zoo.cfg'];
  // setpriv(1) becomes java, and has the kernel end it with this process, however that ends.
  return spawn('setpriv', ['--pdeathsig', 'KILL', ...java], { cwd: folder, stdio: 'ignore' });
}

async function freePort() {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address();
  await once(holder.close(), 'close');
  return port;
}

async function answers(hosts) {
  const client = new ZooKeeperClient(hosts, { onWarning: () => undefined });
  await client.start({ timeout: PATIENCE });
  await client.stop();
}
