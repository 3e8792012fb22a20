// A Redis server for one program: on a socket in a folder of its own, and without anything that outlives it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** @returns the path of its socket, and what stops it @throws {Error} it is not installed, or cannot serve */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
  const path = join(folder, 'redis.sock');
  // --port 0: no TCP; --save '': nothing is kept on the disk.
  const args = ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder];
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = async () => {
    if (server.kill()) await once(server, 'exit');
    rmSync(folder, { recursive: true });
  };
  try {
    await once(server, 'spawn');
    await ready(server.stdout);
  } catch (error) {
    await stop();
    if (error.code !== 'ENOENT') throw error;
    throw new Error('there is no redis-server; install it by: sudo apt-get install redis-server', { cause: error });
  }
  return { path, stop };
}

// Until it says so in its log, nobody can connect.
async function ready(log) {
  for await (const line of createInterface(log)) {
    if (!/ready to accept connections/i.test(line)) continue;
    log.resume(); // What it says later is nobody's business, but must go somewhere.
    return;
  }
  throw new Error('redis-server has ended');
}
