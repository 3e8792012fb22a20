// The main job, `npm start`: a prefork RPC server on real forks, found and called by a client, with one worker killed
// midway. Ends with status 0 if nothing was lost. With --stay the server stays until Ctrl-C.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { kill, processStat, ps } from 'truefork';
import { connectRegistry } from 'truefork/discovery';
import { families } from 'truefork/prefork';

const WORKERS = 4;
const PINGS = 2000;
const PIS = 200;
const SERVICE = 'rpc';

const here = import.meta.dirname;
const truefork = join(here, '..', '..', 'dist', 'cli', 'main.js');
const stay = process.argv.includes('--stay');

const directory = mkdtempSync(join(tmpdir(), 'truefork-start-'));
const url = `file://${directory}`;

const title = (text) => console.log(process.stdout.isTTY ? `\n\x1b[1m${text}\x1b[0m` : `\n${text}`);

/** A program of ours, with what it prints line by line. */
function start(args, from, ...channel) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', ...channel] });
  const lines = [];
  const listeners = new Set();
  createInterface({ input: child[from] }).on('line', (line) => {
    lines.push(line);
    for (const listener of listeners) listener(line);
  });
  const exited = once(child, 'exit').then(([code, signal]) => {
    for (const listener of listeners) listener(undefined);
    return { code, signal };
  });
  /** The first line that matches; those printed before the call count, unless `fresh`. */
  const line = (pattern, { fresh = false } = {}) =>
    new Promise((resolve, reject) => {
      const look = (text) => {
        const match = text?.match(pattern);
        if (match === null) return;
        listeners.delete(look);
        if (match) resolve(match);
        else reject(new Error(`${args.join(' ')} ended too early:\n${lines.join('\n')}`));
      };
      listeners.add(look);
      if (!fresh) for (const text of lines) look(text);
    });
  return { child, lines, line, exited };
}

/** The family of a master, as `truefork ps` shows it. */
async function family(master) {
  const { stdout } = await promisify(execFile)(process.execPath, [truefork, 'ps', String(master)]);
  return stdout.trimEnd();
}

// Every process is a zombie for an instant, between its end and its parent's wait, and for longer if its parent does not
// get a processor at once. One that is still there after so many milliseconds has been forgotten.
const INSTANT = 200;

/** Looks for zombies among the children of a process until it is told to stop. */
function watchForZombies(pid) {
  const seen = new Set();
  let since = new Map();
  const timer = setInterval(() => {
    const now = performance.now();
    const zombies = ps({ parent: pid }).filter(({ state }) => state === 'Z');
    since = new Map(zombies.map((stat) => [stat.pid, since.get(stat.pid) ?? now]));
    for (const [zombie, first] of since) if (now - first > INSTANT) seen.add(zombie);
  }, 10).unref();
  return () => {
    clearInterval(timer);
    return seen.size;
  };
}

const failures = [];
const check = (holds, what) => {
  if (!holds) failures.push(what);
};

title(`truefork: ${WORKERS} forks of one Node.js serve RPC`);
const server = start(
  [
    truefork,
    'serve',
    join(here, 'server.mjs'),
    '--workers',
    String(WORKERS),
    '--host',
    '127.0.0.1',
    '--register',
    SERVICE,
    '--registry',
    url,
    '--log-format',
    'text',
  ],
  'stderr',
);
let client;
let interrupted = false;
function interrupt() {
  interrupted = true;
  for (const program of [client, server]) program?.child.kill('SIGTERM');
}
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
try {
  const master = server.child.pid;
  const [, host, port] = await server.line(/ registered .* host=(\S+) port=(\d+)/);
  const zombies = watchForZombies(master);
  console.log(`listening on ${host}:${port}, registered as '${SERVICE}' in ${url}\n`);
  console.log(await family(master));

  title(`a client finds it and makes ${PINGS} ping and ${PIS} pi calls; midway a worker is killed`);
  client = start([join(here, 'client.mjs'), url, SERVICE, String(PINGS), String(PIS)], 'stdout', 'ipc');
  if (interrupted) interrupt();
  await client.line(/"half"/);
  // From the scoreboard, at once: the calls are under way.
  const { workers } = families().find((each) => each.master === master);
  const victim = workers.reduce((a, b) => (b.connections > a.connections ? b : a));
  const respawned = server.line(new RegExp(`worker=${victim.worker} pid=(\\d+) ready`), { fresh: true });
  const killedAt = performance.now();
  kill(victim.pid, 'SIGKILL');
  if (client.child.connected) client.child.disconnect();
  const [, successor] = await respawned;
  const respawn = performance.now() - killedAt;
  console.log(
    `worker ${victim.worker} (pid ${victim.pid}) had answered ${victim.requests} calls on ${victim.connections} connections when it got SIGKILL`,
  );
  console.log(`it was reaped, and pid ${successor} accepts in its place\n`);
  const reaped = server.lines.some((line) => line.includes(`pid=${victim.pid} exited signal=SIGKILL`));
  check(victim.connections > 0, 'the worker that was killed had no client');
  check(reaped, `the master did not reap ${victim.pid}`);
  check(!ps({ parent: master }).some(({ pid }) => pid === victim.pid), `${victim.pid} is still in the process table`);

  const [result] = await client.line(/.*"made".*/);
  const { made, answered, wrong, lost, milliseconds } = JSON.parse(result);
  const ended = await client.exited;
  check(ended.code === 0, `the client ended with ${ended.code ?? ended.signal}`);
  check(answered === made && wrong === 0, `${made - answered} calls lost, ${wrong} answered wrongly`);
  console.log(await family(master));
  // Nobody is ending now.
  check(!ps({ parent: master }).some(({ state }) => state === 'Z'), 'there were zombies');

  const members = [master, ...ps({ parent: master }).map(({ pid }) => pid)];
  if (stay) {
    title('it stays until Ctrl-C; in another terminal:');
    console.log(`npx truefork call ${SERVICE} ping '"hello"' --registry ${url}`);
    console.log(`npx truefork ps ${master}`);
  } else {
    kill(master, 'SIGTERM');
  }
  const { code, signal } = await server.exited;
  check(code === 0, `the server ended with ${code ?? signal}`);
  check(zombies() === 0, 'there were zombies');
  const left = members.filter((pid) => processStat(pid) !== undefined);
  check(left.length === 0, `these processes are left: ${left.join(', ')}`);
  const registry = await connectRegistry(url);
  const instances = await registry.instances(SERVICE);
  await registry.close();
  check(instances.length === 0, `${instances.length} instances are left in the registry`);

  title('stopped gracefully');
  console.log(`calls made     ${made} in ${milliseconds.toFixed(0)} ms over real sockets`);
  console.log(`calls lost     ${made - answered}`);
  console.log(`respawn time   ${respawn.toFixed(1)} ms from SIGKILL to the next worker that accepts`);
  console.log(`zombies        ${failures.includes('there were zombies') ? 'some' : 'none'}`);
  console.log(`processes left ${left.length}, registered instances left ${instances.length}`);
  for (const call of lost) console.log(`lost: ${call}`);
} catch (error) {
  failures.push(error.message);
} finally {
  for (const program of [client, server]) {
    if (program && program.child.exitCode === null && program.child.signalCode === null) {
      program.child.kill('SIGTERM');
      await program.exited;
    }
  }
  rmSync(directory, { recursive: true, force: true });
}
for (const failure of failures) console.error(`failed: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
