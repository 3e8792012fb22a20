// A server that is measured: its processes, whatever program they run.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, watch } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A port of 127.0.0.1 on which nobody listens. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function contents(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}

const live = new Set();
// Longer than workers are given to finish, in milliseconds.
const PATIENCE = 60_000;

export class Family {
  /** Milliseconds from the start of the command until all workers accept. */
  started = 0;
  /** Of its own, for its files. */
  folder = mkdtempSync(join(tmpdir(), 'truefork-bench-'));
  #listening = join(this.folder, 'listening');
  #process;
  #daemon;
  /** The lines that it has written to stderr, and of each pattern that was looked for, how many have it of how many. */
  #log = [];
  #counts = new Map();

  /**
   * Resolves when all workers accept.
   *
   * @param workers how many there are
   * @param plan answers, of the port and of a directory for its files, what is run: `command`, `args`, `env`
   * @param daemon of a command that leaves a server behind: `pid` answers the pid of that, `end` has it end
   */
  static async start(workers, plan, daemon) {
    const family = new Family(daemon);
    live.add(family);
    try {
      await family.#start(workers, plan);
    } catch (error) {
      await family.stop();
      throw error;
    }
    return family;
  }

  constructor(daemon) {
    this.#daemon = daemon;
  }

  async #start(workers, plan) {
    appendFileSync(this.#listening, '');
    this.port = await freePort();
    const { command, args, env } = plan({ port: this.port, folder: this.folder });
    const common = { LISTENING: this.#listening, PORT: String(this.port), WORKERS: String(workers) };
    this.env = { ...process.env, ...common, ...env };
    const begun = performance.now();
    this.#process = spawn(command, args, { env: this.env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    createInterface({ input: this.#process.stderr }).on('line', (line) => {
      this.#log.push(line);
      this.#process.emit('log');
    });
    this.#process.once('close', () => this.#process.emit('log'));
    await this.listening(workers);
    this.started = performance.now() - begun;
  }

  /** The pid of the process that the others are descendants of. */
  get root() {
    return this.#daemon ? this.#daemon.pid(this) : this.#process.pid;
  }

  /** Those that have begun to accept connections, in this order, whether they are still there or not. */
  get announced() {
    return contents(this.#listening).split('\n').slice(0, -1).map(Number);
  }

  /** Until so many have. */
  async listening(count) {
    const watcher = watch(this.#listening);
    try {
      await new Promise((resolve, reject) => {
        const look = () => {
          if (this.announced.length >= count) resolve();
        };
        watcher.on('change', look).on('error', reject);
        this.#process.once('error', reject).once('exit', (code) => {
          if (code !== 0)
            reject(new Error(`${this.#process.spawnargs.join(' ')} ended with ${code}:\n${this.#log.join('\n')}`));
        });
        look();
      });
    } finally {
      watcher.close();
    }
  }

  /** Until it has written so many lines like this to stderr. */
  async logged(pattern, times) {
    while (this.count(pattern) < times) {
      if (this.#ended) throw new Error(`the server has ended:\n${this.#log.slice(-20).join('\n')}`);
      await new Promise((resolve) => this.#process.once('log', resolve));
    }
  }

  /** How many it has written. */
  count(pattern) {
    const counted = this.#counts.get(pattern.source) ?? { lines: 0, found: 0 };
    this.#counts.set(pattern.source, counted);
    for (; counted.lines < this.#log.length; counted.lines++) {
      if (pattern.test(this.#log[counted.lines])) counted.found++;
    }
    return counted.found;
  }

  /** Its processes, the root first: each with its state and what it has computed, as in proc(5). */
  processes() {
    const all = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => {
        const stat = contents(`/proc/${name}/stat`);
        // From the third field on.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const [parent, userTime, systemTime] = [fields[1], fields[11], fields[12]].map(Number);
        return { pid: Number(name), state: fields[0], parent, userTime, systemTime };
      });
    const family = all.filter(({ pid }) => pid === this.root);
    for (const { pid } of family) family.push(...all.filter(({ parent }) => parent === pid));
    return family;
  }

  /** Until it has so many processes that run, and no more. */
  async settled(count) {
    const running = () => this.processes().filter(({ state }) => state !== 'Z').length;
    for (const begun = performance.now(); running() !== count; await sleep(20)) {
      if (performance.now() - begun > PATIENCE)
        throw new Error(`there are ${running()} processes in place of ${count}`);
    }
  }

  /** What all of them take, in megabytes: each page once. */
  memory() {
    const kilobytes = this.processes().map(({ pid }) =>
      Number(/^Pss: +(\d+)/m.exec(contents(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
    );
    return kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
  }

  /** Processor time that all of them have taken, in microseconds. */
  processorTime() {
    const ticks = this.processes().map(({ userTime, systemTime }) => userTime + systemTime);
    // sysconf(_SC_CLK_TCK) is 100 wherever Linux runs.
    return ticks.reduce((sum, time) => sum + time, 0) * 10_000;
  }

  get #ended() {
    const { exitCode, signalCode } = this.#process;
    return exitCode !== null || signalCode !== null;
  }

  signal(signal) {
    process.kill(this.root, signal);
  }

  async stop() {
    live.delete(this);
    if (this.#daemon) await this.#daemon.end(this);
    const closed = new Promise((resolve) => this.#process.once('close', resolve));
    const ended = this.#ended;
    try {
      process.kill(-this.#process.pid, 'SIGKILL');
      if (!ended) await closed;
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Ends those that an error has left. */
export async function stopAll() {
  for (const family of live) await family.stop();
}
