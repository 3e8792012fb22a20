import type { Event } from './library.js';

/**
 * What a watch has seen: the node was made, deleted, has another value, other children. `reconnected`: the connection
 * that it was on is gone, and there is another now; what happened in between is for the reader to read.
 */
export type WatchEvent = 'created' | 'deleted' | 'changed' | 'children' | 'reconnected';

/** Is called once, when what was read with it may have changed. */
export type WatchListener = (event: WatchEvent) => void;

/** What is watched of a node: whether it exists and its value, or its children. */
export type WatchKind = 'data' | 'children';

const names: readonly (WatchEvent | undefined)[] = [undefined, 'created', 'deleted', 'changed', 'children'];

interface Entry {
  readonly watchers: Set<WatchListener>;
  readonly notify: (event: Event) => void;
}

/**
 * The watches of a session. The library is given one function for each node and kind, whoever watches it, and forgets
 * it with the connection: then all are called, after the next one is there.
 */
export class Watches {
  readonly #entries = new Map<string, Entry>();

  /** The function to give to the library with a read of this node. */
  notifier(kind: WatchKind, path: string): (event: Event) => void {
    return this.#entry(kind, path).notify;
  }

  /** Calls the watcher at the next change: the read has succeeded. */
  add(kind: WatchKind, path: string, watcher: WatchListener): void {
    this.#entry(kind, path).watchers.add(watcher);
  }

  /** Takes it back. */
  remove(kind: WatchKind, path: string, watcher: WatchListener): void {
    this.#entries.get(`${kind}:${path}`)?.watchers.delete(watcher);
  }

  /** Calls them all: there is a new connection, which has none of them. */
  reconnected(): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { watchers } of entries) call(watchers, 'reconnected');
  }

  /** Drops them all. */
  clear(): void {
    this.#entries.clear();
  }

  #entry(kind: WatchKind, path: string): Entry {
    const key = `${kind}:${path}`;
    const found = this.#entries.get(key);
    if (found) return found;
    const watchers = new Set<WatchListener>();
    const entry: Entry = {
      watchers,
      // By the key: a read that is under way has this function, and may add its watcher when another has been called.
      notify: (event) => {
        const current = this.#entries.get(key);
        this.#entries.delete(key);
        if (current) call(current.watchers, names[event.getType()] ?? 'changed');
      },
    };
    this.#entries.set(key, entry);
    return entry;
  }
}

// Each on its own and later: not out of the library, which would lose its place if one of them threw.
function call(watchers: Set<WatchListener>, event: WatchEvent): void {
  for (const watcher of watchers) {
    queueMicrotask(() => {
      watcher(event);
    });
  }
  watchers.clear();
}
