// Servers that are registered: each a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, '..', 'programs', 'discovery-registrant.mjs');
const live = new Set();

export class Registrant {
  #output = '';
  #log = '';
  #process;
  #closed;

  /** @param sessionTimeout in milliseconds, of ZooKeeper */
  static async start(url, sessionTimeout = 10_000) {
    const registrant = new Registrant([url, String(sessionTimeout)]);
    const [, id, port] = await registrant.#printed(/^registered (\S+) (\d+)$/m);
    return Object.assign(registrant, { id, port: Number(port), address: `127.0.0.1:${port}` });
  }

  constructor(args) {
    this.#process = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    live.add(this);
    this.#closed = once(this.#process, 'close');
    const { stdout, stderr } = this.#process;
    stdout.setEncoding('utf8').on('data', (text) => {
      this.#output += text;
      this.#process.emit('printed');
    });
    stderr.setEncoding('utf8').on('data', (text) => (this.#log += text));
    this.#process.once('close', () => this.#process.emit('printed'));
  }

  get #ended() {
    const { exitCode, signalCode } = this.#process;
    return exitCode !== null || signalCode !== null;
  }

  async #until(find) {
    for (;;) {
      const found = find();
      if (found) return found;
      if (this.#ended) throw new Error(`a registrant has ended:\n${this.#output}${this.#log}`);
      await once(this.#process, 'printed');
    }
  }

  #printed(pattern) {
    return this.#until(() => pattern.exec(this.#output));
  }

  /** As soon as its newest list has an address. */
  async sees(address) {
    await this.#until(() => {
      const lines = this.#output.split('\n').slice(0, -1);
      return lines
        .findLast((line) => line.startsWith('='))
        ?.split(' ')
        .includes(address);
    });
  }

  kill(signal) {
    this.#process.kill(signal);
  }

  /** Ends as a server ends. @returns whether it did so by itself, and has said nothing of what went wrong */
  async end() {
    this.kill('SIGTERM');
    await this.#closed;
    live.delete(this);
    return this.#process.exitCode === 0 && this.#log === '';
  }

  /** Ends it, however it is. */
  async stop() {
    live.delete(this);
    if (!this.#ended) this.kill('SIGKILL');
    await this.#closed;
  }
}

/** Ends those that an error has left. */
export async function stopAll() {
  for (const registrant of live) await registrant.stop();
}
