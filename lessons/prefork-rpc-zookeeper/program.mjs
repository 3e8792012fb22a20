// Servers that fork their workers first, before anybody connects, and say in ZooKeeper where they are; a client that finds them
// there. Each is a program of its own: server.mjs, client.mjs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pstree } from 'truefork';
import { connectRegistry } from 'truefork/discovery';
import { ZooKeeperClient } from 'truefork/zookeeper';
import { withZooKeeper } from '../zookeeper.mjs';

const PATH = '/lesson-rpc';

// Where the servers tell other programs how they are. It goes with the lesson.
const runtime = mkdtempSync(join(tmpdir(), 'lesson-'));

/** Starts a program, whose lines come after its name. */
function start(name, registry) {
  const program = spawn(process.execPath, [join(import.meta.dirname, `${name}.mjs`), registry], {
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: program.stdout });
  lines.on('line', (line) => console.log(`${name}: ${line}`));
  return { program, lines, ended: Promise.all([once(program, 'exit'), once(lines, 'close')]) };
}

await withZooKeeper(async (hosts) => {
  const url = `zk://${hosts}${PATH}`;
  const servers = [];
  for (let n = 1; n <= 2; n++) {
    const server = start('server', url);
    await once(server.lines, 'line');
    console.log(String(pstree(server.program.pid)));
    servers.push(server);
  }
  await start('client', url).ended;

  const registry = await connectRegistry(url);
  for (const { program, ended } of servers) {
    program.kill('SIGTERM');
    const [[code]] = await ended;
    console.log(`process ${program.pid} got SIGTERM and exited with ${code}`);
    console.log(`servers in ZooKeeper: ${(await registry.instances('rpc')).length}`);
  }
  await registry.close();

  const client = new ZooKeeperClient(hosts);
  await client.start();
  await client.delete(PATH, { recursive: true });
  await client.stop();
});
rmSync(runtime, { recursive: true });
