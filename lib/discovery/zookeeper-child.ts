import { NoNodeError, type WatchEvent, type WatchListener, type ZooKeeperClient } from '../zookeeper/index.js';
import { decodeInstance } from './codecs.js';
import type { Instance } from './registry.js';

/** What a child asks of its registry. */
export interface ChildOwner {
  readonly client: ZooKeeperClient;
  warn(message: string): void;
}

/** A child of a service in ZooKeeper, and what was last read of it. */
export class ZooKeeperChild {
  readonly name: string;
  readonly path: string;
  /** What is in it; undefined: no instance that takes calls. */
  instance: Instance | undefined;
  /** Whether ZooKeeper tells when it is another. */
  isWatched = false;
  readonly #id: string;
  readonly #owner: ChildOwner;
  readonly #onEvent: (child: ZooKeeperChild, event: WatchEvent) => void;
  /**
   * The change that had last set its value when it was read, and when that was: changes are counted anew when the data of the
   * servers were wiped. Undefined: it was not read.
   */
  #edition: string | undefined;

  /**
   * @param id the instance's, if its value does not say another
   * @param onEvent is called when it has changed, or the connection has, once after each watched read
   */
  constructor(
    { name, path, id }: { name: string; path: string; id: string },
    owner: ChildOwner,
    onEvent: (child: ZooKeeperChild, event: WatchEvent) => void,
  ) {
    this.name = name;
    this.path = path;
    this.#id = id;
    this.#owner = owner;
    this.#onEvent = onEvent;
  }

  /** Whether it was ever read. */
  get isRead(): boolean {
    return this.#edition !== undefined;
  }

  readonly #watcher = (event: WatchEvent): void => {
    this.isWatched = false;
    this.#onEvent(this, event);
  };

  /**
   * Reads it, and watches it.
   *
   * @throws {ZooKeeperError} then it is not watched
   */
  async refresh(): Promise<void> {
    this.isWatched = true;
    try {
      this.instance = await this.look(this.#watcher);
    } catch (error) {
      this.isWatched = false;
      throw error;
    }
  }

  /**
   * Reads it.
   *
   * @returns the instance; undefined: there is none that takes calls
   * @throws {ZooKeeperError}
   */
  async look(watcher?: WatchListener): Promise<Instance | undefined> {
    const { client } = this.#owner;
    let node;
    try {
      node = await client.get(this.path, { ...(watcher && { watcher }) });
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
      this.isWatched = false;
      return undefined;
    }
    const edition = `${node.stat.mzxid} ${node.stat.mtime}`;
    if (edition === this.#edition) return this.instance;
    this.#edition = edition;
    this.instance = undefined;
    try {
      const found = decodeInstance(node.value);
      this.instance = found && { host: found.host, port: found.port, id: found.id ?? this.#id };
    } catch (error) {
      this.#owner.warn(`${client.chroot}${this.path} is skipped: ${(error as Error).message}`);
    }
    return this.instance;
  }
}
