import { NoNodeError, ZooKeeperError, type NodeWatch, type Watcher, type ZooKeeperClient } from '../zookeeper/index.js';
import { decodeInstance } from './codecs.js';
import { EmptyListGuard } from './empty-list.js';
import { Gathering } from './gathering.js';
import { InstanceWatch } from './instance-watch.js';
import { distinctInstances } from './instances.js';
import type { Instance, InstancesListener } from './registry.js';
import { nodePath, type Layout } from './zookeeper-layout.js';

// How long an empty list is doubted, in milliseconds. Many are gone at once when their sessions were lost, by a server that
// was restarted or wiped: their servers are back as soon as they have new ones.
const graces = { one: 20, many: 2000 };

// How many children are read at the same time.
const atOnce = 16;

// How soon to read again what could not be read, in milliseconds.
const retryInterval = 1000;

// All who watch are told of a change at the same moment, and of the next one again: what follows a change within so many
// milliseconds is read together.
const pause = 50;

// All who were connected to a server that has ended connect again at the same moment. The names they read at once, and what
// is in the nodes, which seldom has changed, within so many milliseconds.
const spread = 1000;

/** A child, and what was last read of it. */
interface Child {
  readonly name: string;
  readonly id: string;
  readonly path: string;
  /** Is called when it has changed, or the connection has. */
  readonly watcher: Watcher;
  /** Whether the watcher is with ZooKeeper: what was read last is what there is. */
  isWatched: boolean;
  /** The change that had last set its value when it was read; undefined: it was not. */
  mzxid: bigint | undefined;
  /** Undefined: it is no instance that takes calls. */
  instance: Instance | undefined;
}

/** What a service asks of its registry. */
export interface ServiceOwner {
  readonly client: ZooKeeperClient;
  /** How often to read when nothing was told, in milliseconds: whatever was missed is found then at the latest. */
  readonly interval: number;
  /** A watch that keeps the process alive has begun (true) or ended (false). */
  keepAlive(on: boolean): void;
  warn(message: string): void;
}

/**
 * A service in ZooKeeper, with the watches of this process. The children are watched, and each of them: one is read when it
 * is new, when it has changed, and when the connection has. What follows a change soon is read together. While there is no
 * connection, the list stays.
 */
export class ZooKeeperService {
  readonly #owner: ServiceOwner;
  readonly #layout: Layout;
  readonly #watches = new Set<InstanceWatch>();
  readonly #children = new Map<string, Child>();
  readonly #guard = new EmptyListGuard(graces);
  /** What is to be read, and how much is being read. */
  readonly #queue = new Set<Child>();
  #reading = 0;
  #readAt = -Infinity;
  readonly #read = (children: Iterable<Child>): void => {
    for (const child of children) if (this.#isKnown(child)) this.#queue.add(child);
    this.#readAt = performance.now();
    this.#pump();
  };
  /** What has changed. */
  readonly #changed = new Gathering<Child>(this.#read);
  /** What was read over another connection. */
  readonly #former = new Gathering<Child>(this.#read);
  /** The watch of their names; undefined: nobody watches. */
  #names: NodeWatch | undefined;
  /** Whether the names were told. */
  #isListed = false;
  /** The list that is believed. */
  #list: readonly Instance[] | undefined;
  #confirmation: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor(layout: Layout, owner: ServiceOwner) {
    this.#layout = layout;
    this.#owner = owner;
  }

  watch(listener: InstancesListener | undefined): InstanceWatch {
    const watch = new InstanceWatch(listener, {
      keepAlive: (on) => {
        this.#owner.keepAlive(on);
      },
      isStale: () => this.#owner.client.state !== 'connected',
      closed: () => {
        this.#watches.delete(watch);
        if (this.#watches.size === 0) this.#rest();
      },
    });
    this.#watches.add(watch);
    if (this.#list) watch.offer(this.#list);
    if (!this.#names) this.#begin();
    return watch;
  }

  /**
   * One look.
   *
   * @throws {ZooKeeperError}
   */
  async instances(): Promise<readonly Instance[]> {
    const found: Instance[] = [];
    const children = this.#remember(await this.#currentNames()).values();
    const readSome = async () => {
      for (const child of children) {
        const instance = await this.#look(child, undefined);
        if (instance) found.push(instance);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, readSome));
    return distinctInstances(found);
  }

  /** The connection is lost, or back. */
  interrupt(): void {
    this.#guard.interrupt();
  }

  /** Ends all watches. */
  close(): void {
    for (const watch of this.#watches) watch.close();
    this.#children.clear();
  }

  #begin(): void {
    this.#isListed = false;
    const listener = (names: readonly string[] = []) => {
      this.#isListed = true;
      this.#setNames(names);
    };
    const { client, interval } = this.#owner;
    this.#names = client.childrenWatch(this.#layout.parent, listener, { pause, interval });
    this.#schedulePoll();
  }

  // The children stay known: the watches that ZooKeeper has of them cannot be taken back, and are good for who watches next.
  #rest(): void {
    this.#names?.close();
    this.#names = undefined;
    this.#list = undefined;
    this.#guard.forget();
    this.#queue.clear();
    this.#changed.clear();
    this.#former.clear();
    clearTimeout(this.#confirmation);
    clearTimeout(this.#poll);
    this.#confirmation = undefined;
  }

  #setNames(names: readonly string[]): void {
    for (const child of this.#remember(names)) {
      if (!child.isWatched && !this.#changed.has(child) && !this.#former.has(child)) this.#queue.add(child);
    }
    this.#pump();
  }

  /** The children of these names, known or new. The others are forgotten. */
  #remember(names: readonly string[]): Child[] {
    const there = new Set(names);
    for (const [name, child] of this.#children) {
      if (there.has(name)) continue;
      this.#children.delete(name);
      this.#queue.delete(child);
    }
    return names.flatMap((name) => {
      const child = this.#children.get(name) ?? this.#childOf(name);
      if (!child) return [];
      this.#children.set(name, child);
      return child;
    });
  }

  #childOf(name: string): Child | undefined {
    const id = this.#layout.idOf(name);
    if (id === undefined) return undefined;
    const child: Child = {
      name,
      id,
      path: nodePath(this.#layout.parent, name),
      watcher: (event) => {
        child.isWatched = false;
        if (!this.#isKnown(child)) return;
        if (event === 'reconnected') this.#former.add(child, spread * Math.random());
        // That it is gone, or another has its name, the names tell.
        else if (event !== 'deleted') this.#changed.add(child, this.#readAt + pause - performance.now());
      },
      isWatched: false,
      mzxid: undefined,
      instance: undefined,
    };
    return child;
  }

  /** Whether it is watched, and there as far as is known. */
  #isKnown(child: Child): boolean {
    return this.#names !== undefined && this.#children.get(child.name) === child;
  }

  #pump(): void {
    for (const child of this.#queue) {
      if (this.#reading === atOnce) return;
      this.#queue.delete(child);
      this.#reading++;
      void this.#refresh(child).then(() => {
        this.#reading--;
        this.#pump();
      });
    }
    if (this.#reading === 0 && this.#isListed) this.#tell();
  }

  async #refresh(child: Child): Promise<void> {
    try {
      child.isWatched = true;
      child.instance = await this.#look(child, child.watcher);
    } catch (error) {
      child.isWatched = false;
      // That it cannot be read does not end the server.
      if (isRefusal(error) && child.mzxid === undefined) this.#owner.warn(`${child.path} is skipped: ${error.message}`);
      setTimeout(
        () => {
          this.#read([child]);
        },
        retryInterval * (1 + Math.random()),
      ).unref();
    }
  }

  /** @returns the instance; undefined: there is none that takes calls */
  async #look(child: Child, watcher: Watcher | undefined): Promise<Instance | undefined> {
    let node;
    try {
      node = await this.#owner.client.get(child.path, watcher);
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
      child.isWatched = false;
      return undefined;
    }
    if (node.stat.mzxid === child.mzxid) return child.instance;
    let instance: Instance | undefined;
    try {
      const found = decodeInstance(node.value);
      instance = found && { host: found.host, port: found.port, id: found.id ?? child.id };
    } catch (error) {
      this.#owner.warn(`${this.#owner.client.chroot}${child.path} is skipped: ${(error as Error).message}`);
    }
    child.mzxid = node.stat.mzxid;
    child.instance = instance;
    return instance;
  }

  #tell(): void {
    // What is known of before stays until it is known again.
    if (!this.#names || this.#owner.client.state !== 'connected') return;
    const instances = [...this.#children.values()].flatMap(({ instance }) => instance ?? []);
    const doubt = this.#guard.doubt(instances.length);
    if (doubt > 0) {
      this.#confirmIn(doubt);
      return;
    }
    clearTimeout(this.#confirmation);
    this.#confirmation = undefined;
    this.#list = distinctInstances(instances);
    for (const watch of this.#watches) watch.offer(this.#list);
  }

  #confirmIn(delay: number): void {
    this.#confirmation ??= setTimeout(() => {
      this.#confirmation = undefined;
      void this.#confirm();
    }, delay).unref();
  }

  /** Reads again what says that there are no instances. */
  async #confirm(): Promise<void> {
    try {
      const names = await this.#currentNames();
      if (this.#names) this.#setNames(names);
    } catch {
      // When the connection is back, and nothing has changed meanwhile, nobody else tells.
      if (this.#names) this.#confirmIn(retryInterval);
    }
  }

  async #currentNames(): Promise<string[]> {
    try {
      return await this.#owner.client.getChildren(this.#layout.parent);
    } catch (error) {
      if (error instanceof NoNodeError) return [];
      throw error;
    }
  }

  #schedulePoll(): void {
    this.#poll = setTimeout(
      () => {
        this.#read(this.#children.values());
        this.#schedulePoll();
      },
      this.#owner.interval * (1 + Math.random()),
    ).unref();
  }
}

/** Whether the server has answered, and does not allow it. */
function isRefusal(error: unknown): error is ZooKeeperError {
  return error instanceof ZooKeeperError && error.errno !== undefined && error.errno <= -100;
}
