import { setTimeout as rest } from 'node:timers/promises';
import { NoNodeError, SessionExpiredError, ZooKeeperError } from './errors.js';
import type { WatchOptions } from './options.js';
import { exists } from './requests.js';
import type { Session } from './session.js';
import { Warnings } from './warnings.js';
import type { WatchListener } from './watches.js';

/** What a watch reads. */
export interface NodeReader {
  /**
   * Reads the node, and leaves the watcher there. `version` is another if what it has read is.
   *
   * @throws {NoNodeError}
   */
  read(watcher: WatchListener): Promise<{ version: string; tell: () => void }>;
  /** Tells that there is no such node. */
  missing(): void;
}

/** What a watch asks of its client. */
export interface NodeWatchOwner {
  readonly session: Session;
  readonly onWarning: (message: string) => void;
  closed(): void;
}

// The first delay after a read that has failed, and the longest, in milliseconds.
const shortestDelay = 100;
const longestDelay = 30_000;

/**
 * A look at a node that goes on: it is read again after each change, each reconnection and each new session, also when
 * it is deleted and made anew. One read is under way at a time, and what changes before the pause after it is over is
 * gathered.
 */
export class NodeWatch implements Disposable {
  readonly #path: string;
  readonly #reader: NodeReader;
  readonly #owner: NodeWatchOwner;
  readonly #options: Required<WatchOptions>;
  readonly #warnings: Warnings;
  readonly #forgetState: () => void;
  #version: string | undefined;
  #isReading = false;
  #isDirty = false;
  #isClosed = false;
  #failures = 0;
  #readAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** Use `ZooKeeperClient.watchChildren` or `watchData`. */
  constructor(path: string, reader: NodeReader, owner: NodeWatchOwner, options: Required<WatchOptions>) {
    this.#path = path;
    this.#reader = reader;
    this.#owner = owner;
    this.#options = options;
    this.#warnings = new Warnings(owner.onWarning);
    // Not by the watcher, which is only there if the last read has succeeded.
    this.#forgetState = owner.session.onState((state) => {
      if (state === 'connected') void this.#look();
    });
    void this.#look();
  }

  /** Ends it: its listener is not called again. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#forgetState();
    for (const kind of ['data', 'children'] as const) this.#owner.session.unwatch(kind, this.#path, this.#onChange);
    this.#owner.closed();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  readonly #onChange: WatchListener = (event) => {
    if (event !== 'reconnected') void this.#look();
  };

  async #look(): Promise<void> {
    this.#isDirty = true;
    if (this.#isReading) return;
    this.#isReading = true;
    clearTimeout(this.#timer);
    let delay = 0;
    while (this.#isDirty && !this.#isClosed) {
      const pause = this.#readAt + this.#options.pause - performance.now();
      if (pause > 0) await rest(pause, undefined, { ref: false });
      this.#isDirty = false;
      this.#readAt = performance.now();
      delay = await this.#read();
    }
    this.#isReading = false;
    if (this.#isClosed || this.#owner.session.state === 'closed') return;
    this.#timer = setTimeout(this.#onChange, delay, 'changed').unref();
  }

  /** @returns when to read again, in milliseconds */
  async #read(): Promise<number> {
    try {
      const { version, tell } = await this.#reader.read(this.#onChange);
      this.#tell(version, tell);
    } catch (error) {
      if (!(error instanceof NoNodeError)) return this.#fail(error);
      return this.#readMissing();
    }
    this.#failures = 0;
    return this.#options.interval * (1 + Math.random() / 2);
  }

  async #readMissing(): Promise<number> {
    try {
      // It may have been made meanwhile: then the next read finds it.
      if (await this.#owner.session.perform(exists(this.#path, this.#onChange))) return 0;
    } catch (error) {
      return this.#fail(error);
    }
    this.#failures = 0;
    this.#tell('', () => {
      this.#reader.missing();
    });
    return this.#options.interval * (1 + Math.random() / 2);
  }

  #tell(version: string, tell: () => void): void {
    if (this.#isClosed || version === this.#version) return;
    this.#version = version;
    queueMicrotask(() => {
      if (!this.#isClosed) tell();
    });
  }

  #fail(error: unknown): number {
    this.#failures++;
    // The others are the session's, which tells of them itself.
    const isAnswer = error instanceof ZooKeeperError && error.errno !== undefined && error.errno < -100;
    if (isAnswer && !(error instanceof SessionExpiredError)) this.#warnings.warn(`${error.message}; it is tried again`);
    return Math.min(longestDelay, shortestDelay * 2 ** Math.min(this.#failures, 20)) * (0.5 + Math.random() / 2);
  }
}
