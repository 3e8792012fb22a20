import {
  NoNodeError,
  SessionExpiredError,
  ZooKeeperError,
  type NodeWatch,
  type WatchEvent,
} from '../zookeeper/index.js';
import { EmptyListGuard } from './empty-list.js';
import { Gathering } from './gathering.js';
import { InstanceWatch } from './instance-watch.js';
import { distinctInstances } from './instances.js';
import type { Instance, InstancesListener } from './registry.js';
import { ZooKeeperChild, type ChildOwner } from './zookeeper-child.js';
import { nodePath, type Layout } from './zookeeper-layout.js';

// How long an empty list is doubted, in milliseconds. Many are gone at once when their sessions were lost, by a server that
// was restarted or wiped: their servers are back as soon as they have new ones.
const graces = { one: 10, many: 2000 };

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

/** What a service asks of its registry. */
export interface ServiceOwner extends ChildOwner {
  /** How often to read when nothing was told, in milliseconds: whatever was missed is found then at the latest. */
  readonly interval: number;
  /** A watch that keeps the process alive has begun (true) or ended (false). */
  keepAlive(on: boolean): void;
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
  readonly #children = new Map<string, ZooKeeperChild>();
  readonly #guard = new EmptyListGuard(graces);
  /** What is to be read, and how much is being read. */
  readonly #queue = new Set<ZooKeeperChild>();
  #reading = 0;
  #readAt = -Infinity;
  readonly #read = (children: Iterable<ZooKeeperChild>): void => {
    for (const child of children) if (this.#isKnown(child)) this.#queue.add(child);
    this.#readAt = performance.now();
    this.#pump();
  };
  /** What has changed. */
  readonly #changed = new Gathering<ZooKeeperChild>(this.#read);
  /** What could not be read. */
  readonly #failed = new Gathering<ZooKeeperChild>(this.#read);
  /** What the server has ever refused to let be read: it is not asked for that at every change of the names. */
  readonly #refused = new WeakSet<ZooKeeperChild>();
  /** What was read over another connection. */
  readonly #former = new Gathering<ZooKeeperChild>(this.#read);
  readonly #onEvent = (child: ZooKeeperChild, event: WatchEvent): void => {
    if (!this.#isKnown(child)) return;
    if (event === 'reconnected') this.#former.add(child, spread * Math.random());
    // That it is gone, or another has its name, the names tell.
    else if (event !== 'deleted') this.#changed.add(child, this.#readAt + pause - performance.now());
  };
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
        const instance = await child.look();
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
    this.#names = client.watchChildren(this.#layout.parent, listener, { pause, interval });
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
    this.#failed.clear();
    clearTimeout(this.#confirmation);
    clearTimeout(this.#poll);
    this.#confirmation = undefined;
  }

  #setNames(names: readonly string[]): void {
    for (const child of this.#remember(names)) {
      const isRefused = this.#failed.has(child) && this.#refused.has(child);
      const isAwaited = isRefused || this.#changed.has(child) || this.#former.has(child);
      if (!child.isWatched && !isAwaited) this.#queue.add(child);
    }
    this.#pump();
  }

  /** The children of these names, known or new. The others are forgotten. */
  #remember(names: readonly string[]): ZooKeeperChild[] {
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

  #childOf(name: string): ZooKeeperChild | undefined {
    const id = this.#layout.idOf(name);
    if (id === undefined) return undefined;
    return new ZooKeeperChild({ name, path: nodePath(this.#layout.parent, name), id }, this.#owner, this.#onEvent);
  }

  /** Whether it is watched, and there as far as is known. */
  #isKnown(child: ZooKeeperChild): boolean {
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

  async #refresh(child: ZooKeeperChild): Promise<void> {
    try {
      await child.refresh();
    } catch (error) {
      // That it cannot be read does not end the server.
      if (isRefusal(error) && !this.#refused.has(child)) {
        this.#refused.add(child);
        if (!child.isRead) this.#owner.warn(`${child.path} is skipped: ${error.message}`);
      }
      if (this.#isKnown(child)) this.#failed.add(child, retryInterval * (1 + Math.random()));
    }
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

/** Whether the server has answered, and does not allow it. That the session has expired is no answer to what was asked. */
function isRefusal(error: unknown): error is ZooKeeperError {
  if (error instanceof SessionExpiredError) return false;
  return error instanceof ZooKeeperError && error.errno !== undefined && error.errno < -100;
}
