import type { DirectoryListener, DirectoryWatch } from './directory-watch.js';
import { EmptyListGuard } from './empty-list.js';
import type { FileInstance } from './file-instance.js';
import type { FileReader, Listing } from './file-reader.js';
import { InstanceWatch } from './instance-watch.js';
import type { Instance, InstancesListener } from './registry.js';
import { makeDirectory } from './service-directory.js';

// When a process ends, the kernel tells that its file is closed (IN_CLOSE_WRITE) a moment before it frees the lock
// (__fput: fsnotify_close, then locks_remove_file), and says nothing when it does. Who looks in between finds the
// instance alive. So a file that was closed and seems to live is looked at again, after 1, 2, 4 … 512 milliseconds.
const maxDoubts = 10;

// How often to look when nothing was told, in milliseconds: whatever was missed is found then at the latest.
const slowest = 30_000;

// How soon to try again what failed, in milliseconds.
const retryInterval = 1000;

// A directory that changes all the time is read once in so many milliseconds.
const pause = 5;

// A registrant whose file was deleted puts it back as soon as its event loop comes to it. In milliseconds.
const graces = { one: 10, many: 100 };

const nothing: ReadonlySet<string> = new Set();

/** A service in the directory of a registry, with the watches and registrations of this process. */
export class FileService {
  readonly #path: string;
  readonly #directories: DirectoryWatch;
  readonly #reader: FileReader;
  readonly #warn: (message: string) => void;
  readonly #watches = new Set<InstanceWatch>();
  readonly #registrations = new Set<FileInstance>();
  readonly #guard = new EmptyListGuard(graces);
  /** The list that is believed; undefined: nobody watches. */
  #list: readonly Instance[] | undefined;
  #mark: number | undefined;
  /** Which files were closed while the directory was not to be read yet. */
  #pending = nothing as ReadonlySet<string> | undefined;
  #readAt = -Infinity;
  #doubted: ReadonlySet<string> = nothing;
  #doubts = 0;
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, directories: DirectoryWatch, reader: FileReader, warn: (message: string) => void) {
    this.#path = path;
    this.#directories = directories;
    this.#reader = reader;
    this.#warn = warn;
  }

  /** @throws {Error} that of the system call that failed; then there is no watch */
  watch(listener: InstancesListener | undefined): InstanceWatch {
    const watch = new InstanceWatch(listener, {
      keepAlive: (on) => {
        this.#directories.keepAlive(on);
      },
      isStale: () => this.#failure !== undefined,
      closed: () => {
        this.#watches.delete(watch);
        if (this.#watches.size === 0) this.#forgetList();
        this.#restIfIdle();
      },
    });
    this.#watches.add(watch);
    try {
      this.#schedule(this.#read(undefined));
    } catch (error) {
      watch.close();
      throw error;
    }
    return watch;
  }

  /** Looks after a file that was put into the directory. */
  add(registration: FileInstance): void {
    this.#registrations.add(registration);
    if (this.#mark === undefined) this.#look(undefined);
  }

  /** Removes the file. */
  remove(registration: FileInstance): void {
    this.#registrations.delete(registration);
    this.#restIfIdle();
    registration.remove();
  }

  /** One look. */
  instances(): readonly Instance[] {
    return this.#reader.read().instances;
  }

  /** Unregisters all and ends all watches. */
  close(): void {
    for (const watch of this.#watches) watch.close();
    for (const registration of this.#registrations) this.remove(registration);
  }

  /** Ends it in a forked child: closes what the child has of it, and changes nothing for the parent. */
  abandon(): void {
    clearTimeout(this.#timer);
    for (const registration of this.#registrations) registration.abandon();
    this.#registrations.clear();
    this.#mark = undefined;
    for (const watch of this.#watches) watch.close();
  }

  readonly #onChange: DirectoryListener = (closed) => {
    if (this.#isIdle()) return;
    this.#pending = closed && this.#pending ? new Set([...this.#pending, ...closed]) : undefined;
    const rest = this.#readAt + pause - performance.now();
    if (rest > 0) this.#schedule(rest);
    else this.#lookAtPending();
  };

  #lookAtPending(): void {
    const pending = this.#pending;
    this.#pending = nothing;
    this.#look(pending);
  }

  #forgetList(): void {
    this.#list = undefined;
    this.#guard.forget();
  }

  #isIdle(): boolean {
    return this.#watches.size === 0 && this.#registrations.size === 0;
  }

  #restIfIdle(): void {
    if (!this.#isIdle()) return;
    clearTimeout(this.#timer);
    const mark = this.#mark;
    this.#mark = undefined;
    if (mark !== undefined) this.#directories.disarm(mark);
  }

  #look(closed: ReadonlySet<string> | undefined): void {
    try {
      this.#schedule(this.#read(closed));
      this.#failure = undefined;
    } catch (error) {
      // The list of before stays: that this process cannot look does not end its servers.
      this.#guard.interrupt();
      this.#fail(error);
      this.#schedule(retryInterval);
    }
  }

  /**
   * @param closed as in DirectoryListener
   * @returns when to look again, in milliseconds
   */
  #read(closed: ReadonlySet<string> | undefined): number {
    const moved = this.#arm();
    const kept = this.#keep();
    const unconfirmed = this.#tell(moved ? undefined : closed);
    return Math.min(this.#nextDelay(), kept ? Infinity : retryInterval, unconfirmed || Infinity);
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== this.#failure)
      this.#warn(`${this.#path} cannot be looked at, and what was last seen stays: ${message}`);
    this.#failure = message;
  }

  // Watches what is at the path, before it is read, so that no change falls between. Whether it is another directory
  // than before: that one was deleted or moved away.
  #arm(): boolean {
    makeDirectory(this.#path);
    const mark = this.#directories.arm(this.#path, this.#onChange);
    const before = this.#mark;
    this.#mark = mark;
    if (before === mark) return false;
    if (before !== undefined) this.#directories.disarm(before);
    return true;
  }

  #keep(): boolean {
    const kept = Array.from(this.#registrations, (registration) => registration.keep());
    return kept.every(Boolean);
  }

  // Registrations alone read only when they begin, to remove what a crash before them has left. Returns in how many
  // milliseconds an empty list is to be confirmed; 0: it is not.
  #tell(closed: ReadonlySet<string> | undefined): number {
    if (this.#watches.size === 0 && closed) return 0;
    const listing = this.#reader.read();
    this.#readAt = performance.now();
    this.#doubt(listing, closed);
    if (this.#watches.size === 0) return 0;
    const rest = this.#guard.doubt(listing.instances.length);
    if (rest === 0) this.#list = listing.instances;
    for (const watch of this.#watches) watch.offer(this.#list ?? listing.instances);
    return rest;
  }

  #doubt({ live }: Listing, closed: ReadonlySet<string> | undefined): void {
    const isDoubted = (name: string) => !closed || closed.has(name);
    const doubted = new Set([...live].filter((name) => this.#doubted.has(name) || isDoubted(name)));
    if (this.#watches.size === 0 || doubted.size === 0) this.#doubts = 0;
    else if ([...doubted].some(isDoubted)) this.#doubts = maxDoubts;
    this.#doubted = this.#doubts > 0 ? doubted : nothing;
  }

  #nextDelay(): number {
    if (this.#doubts > 0) return 2 ** (maxDoubts - this.#doubts);
    // Not all at once: they look when they began, and a little later each time.
    return slowest * (1 + Math.random() / 2);
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#doubts = Math.max(0, this.#doubts - 1);
      this.#lookAtPending();
    }, delay).unref();
  }
}
