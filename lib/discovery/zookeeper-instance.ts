import {
  BadVersionError,
  ConnectionLossError,
  NoAuthError,
  NodeExistsError,
  NoNodeError,
  OperationTimeoutError,
  SessionClosedError,
  SessionExpiredError,
  type Node,
  type ZooKeeperClient,
} from '../zookeeper/index.js';
import { decodeInstance } from './codecs.js';
import { RegistryClosedError } from './errors.js';
import { Repeater } from './repeater.js';
import { nodePath, type Layout } from './zookeeper-layout.js';

// Delays after what has failed, and after the node was deleted by somebody else, in milliseconds: each twice the one before.
const shortestDelay = 100;
const longestDelay = 30_000;

// A node that was there for so many milliseconds is not one that somebody keeps deleting.
const calm = 60_000;

// So many sessions ago, nothing is left of one.
const mostSessions = 16;

/** A node as it was read. */
interface Place {
  readonly path: string;
  readonly version: number;
}

interface Waiting {
  /** What it waits for. */
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function delayAfter(failures: number): number {
  return Math.min(longestDelay, shortestDelay * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);
}

/** Whether nobody knows what has become of an operation, or it had no answer. */
function isTransient(error: unknown): boolean {
  return [ConnectionLossError, OperationTimeoutError, SessionExpiredError, NoNodeError, BadVersionError].some(
    (kind) => error instanceof kind,
  );
}

/**
 * A registration as an ephemeral node: it keeps the node as it shall be, whatever becomes of the connection, the session and
 * the node itself.
 *
 * The node is known by the instance's id, which is in its name or in its value. When nobody knows whether it was made (the
 * answer was lost), it is looked for: it is this registration's if it has the id and belongs to the session; one that has the
 * id and belongs to a session before is deleted. A node that is as it shall be is never made anew, so nobody sees it missing.
 *
 * Another process may register the same id, to take it over. Where nodes have numbers, both are there, and count as one. Where
 * the id is the name, the newer replaces the node, and the older stands by until it is gone.
 */
export class ZooKeeperInstance {
  readonly #client: ZooKeeperClient;
  readonly #layout: Layout;
  readonly #id: string;
  readonly #warn: (message: string) => void;
  readonly #waiting = new Set<Waiting>();
  readonly #repeater = new Repeater(() => this.#work());
  /** What it shall hold; undefined: there shall be none. */
  #wanted: Buffer | undefined;
  #revision = 0;
  /** Where it is, as far as is known. */
  #path: string | undefined;
  /** Whether there may be one that is not known. */
  #isUncertain = false;
  #wasThere = false;
  /** The last sessions that may own a node that was made here. */
  #sessions: readonly (bigint | undefined)[] = [];
  #failures = 0;
  /** When and in which session it was made, and how often it was deleted by somebody else soon after. */
  #made: { readonly at: number; readonly session: bigint | undefined } | undefined;
  #deletions = 0;

  constructor(client: ZooKeeperClient, layout: Layout, id: string, warn: (message: string) => void) {
    this.#client = client;
    this.#layout = layout;
    this.#id = id;
    this.#warn = warn;
  }

  /**
   * Puts it there, or changes it.
   *
   * @returns fulfilled when it is so
   * @throws {ZooKeeperError} it is refused; then there is none if there was none
   */
  put(payload: Buffer): Promise<void> {
    return this.#want(payload);
  }

  /** Deletes it. Fulfilled when it is gone. */
  remove(): Promise<void> {
    return this.#want(undefined);
  }

  /** Leaves it as it is: the session ends, and it with it. */
  close(reason: string): void {
    this.#repeater.close();
    for (const { reject } of this.#waiting) reject(new RegistryClosedError(reason));
    this.#waiting.clear();
  }

  /** In a forked child: the same, and nobody is told, since those who wait are copies of the parent's. */
  abandon(): void {
    this.#repeater.close();
    this.#waiting.clear();
  }

  #want(payload: Buffer | undefined): Promise<void> {
    this.#wanted = payload;
    const revision = ++this.#revision;
    return new Promise((resolve, reject) => {
      this.#waiting.add({ revision, resolve, reject });
      this.#repeater.ask();
    });
  }

  async #work(): Promise<number> {
    const revision = this.#revision;
    try {
      const delay = await this.#bringAbout();
      this.#failures = 0;
      if (delay === Infinity) this.#tell(revision, (waiting) => waiting.resolve);
      return delay;
    } catch (error) {
      return this.#fail(error, revision);
    }
  }

  #tell(revision: number, how: (waiting: Waiting) => () => void): void {
    for (const waiting of this.#waiting) {
      if (waiting.revision > revision) continue;
      this.#waiting.delete(waiting);
      how(waiting)();
    }
  }

  #fail(error: unknown, revision: number): number {
    if (error instanceof SessionClosedError) return Infinity;
    this.#failures++;
    if (!isTransient(error)) {
      if (!this.#wasThere) this.#wanted = undefined;
      if (this.#waiting.size === 0 && this.#failures === 1) {
        this.#warn(
          `the registration ${this.#id} is not as it shall be, and is tried again: ${(error as Error).message}`,
        );
      }
      this.#tell(revision, ({ reject }) => () => {
        reject(error);
      });
      if (!this.#wasThere && !this.#isUncertain) return Infinity;
    }
    return delayAfter(this.#failures - 1);
  }

  /** @returns in how many milliseconds to go on; Infinity: it is as it shall be */
  async #bringAbout(): Promise<number> {
    for (;;) {
      if (this.#isUncertain) await this.#find();
      const wanted = this.#wanted;
      if (!wanted) {
        // In another session than it was made in, its name may be somebody else's: it is looked for.
        if (this.#path !== undefined && this.#made?.session !== this.#client.sessionId) await this.#find();
        await this.#delete();
        return Infinity;
      }
      if (this.#path === undefined) {
        const rest = this.#restBeforeMaking();
        if (rest > 0) return rest;
        await this.#make(wanted);
      }
      if (await this.#isInPlace(wanted)) {
        this.#wasThere = true;
        return Infinity;
      }
    }
  }

  /** What the node was found to be, and done about it. Leaves a watch on it. */
  async #isInPlace(wanted: Buffer): Promise<boolean> {
    const path = this.#path;
    const node = path === undefined ? undefined : await this.#read(path, true);
    if (path === undefined || !node || !this.#isOwn(node.value, path)) {
      this.#path = undefined;
      return false;
    }
    if (node.stat.ephemeralOwner !== this.#client.sessionId) {
      if (this.#isFormer(node)) {
        await this.#make(wanted, { path, version: node.stat.version });
        return false;
      }
      // It stands by, and there is a watch on what has taken its place.
      this.#path = undefined;
      return true;
    }
    if (node.value.equals(wanted)) return true;
    await this.#client.set(path, wanted, { version: node.stat.version });
    return false;
  }

  async #read(path: string, watched: boolean): Promise<Node | undefined> {
    try {
      return await this.#client.get(path, watched ? { watcher: this.#repeater.ask } : {});
    } catch (error) {
      if (error instanceof NoNodeError) return undefined;
      throw error;
    }
  }

  // By the value where the name does not tell: when the data of the servers were wiped, the digits begin anew, and the node
  // of this name is somebody else's.
  #isOwn(value: Buffer, path: string): boolean {
    if (path.includes(this.#id)) return true;
    try {
      return decodeInstance(value)?.id === this.#id;
    } catch {
      return false;
    }
  }

  /** Whether a node is one that this registration has left in a session before. */
  #isFormer({ stat }: Node): boolean {
    return this.#sessions.includes(stat.ephemeralOwner);
  }

  #noteSession(): void {
    const { sessionId } = this.#client;
    if (this.#sessions.at(-1) !== sessionId) this.#sessions = [...this.#sessions, sessionId].slice(-mostSessions);
  }

  /** How long to wait, in milliseconds, if somebody has deleted it, and soon again. */
  #restBeforeMaking(): number {
    const made = this.#made;
    if (!made || made.session !== this.#client.sessionId) return 0;
    const age = performance.now() - made.at;
    if (age > calm) this.#deletions = 0;
    if (this.#deletions === 0) return 0;
    return Math.max(0, Math.min(longestDelay, shortestDelay * 2 ** Math.min(this.#deletions, 20)) - age);
  }

  /** @param instead the node that it takes the place of, at one moment: so nobody sees the instance missing */
  async #make(payload: Buffer, instead?: Place): Promise<void> {
    const { name, sequence } = this.#layout.nodeFor(this.#id);
    const path = nodePath(this.#layout.parent, name);
    const isAgain = this.#made !== undefined && this.#made.session === this.#client.sessionId;
    this.#isUncertain = true;
    this.#noteSession();
    try {
      this.#path = await this.#create(path, payload, sequence, instead);
      this.#isUncertain = false;
      // There may not have been one when it was asked.
      this.#noteSession();
      this.#made = { at: performance.now(), session: this.#client.sessionId };
      this.#deletions = isAgain ? this.#deletions + 1 : 0;
    } catch (error) {
      if (!isTransient(error) || error instanceof NoNodeError) this.#isUncertain = false;
      if (error instanceof NoNodeError) {
        this.#path = undefined;
        if (!instead) await this.#client.ensurePath(this.#layout.parent);
      } else if (error instanceof NodeExistsError && !instead) {
        await this.#takeOver(path, payload);
      } else {
        throw error;
      }
    }
  }

  async #create(path: string, payload: Buffer, sequence: boolean, instead: Place | undefined): Promise<string> {
    const options = { ephemeral: true, sequence };
    if (!instead) return this.#client.create(path, payload, options);
    const { version } = instead;
    const change = this.#client.transaction().delete(instead.path, { version }).create(path, payload, options);
    const [, made] = await change.commit();
    return made as string;
  }

  /** There is a node of the name: it is from a session before, or of who is to be relieved, or has taken over. */
  async #takeOver(path: string, payload: Buffer): Promise<void> {
    const node = await this.#read(path, false);
    if (!node) return;
    const isOwn = node.stat.ephemeralOwner === this.#client.sessionId;
    if (!isOwn && (!this.#wasThere || this.#isFormer(node))) {
      await this.#make(payload, { path, version: node.stat.version });
      return;
    }
    this.#path = path;
  }

  async #delete(): Promise<void> {
    const path = this.#path;
    if (path === undefined) return;
    await this.#deleteIfThere(path);
    this.#path = undefined;
  }

  async #deleteIfThere(path: string): Promise<void> {
    try {
      await this.#client.delete(path);
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
    }
  }

  /**
   * Finds the nodes that have the id: one may be the registration's, or of a session before, and is to be replaced. The others are
   * deleted.
   */
  async #find(): Promise<void> {
    await this.#catchUp();
    let own: string | undefined;
    let former: string | undefined;
    for (const name of await this.#children()) {
      if (!this.#layout.mayBeOf(name, this.#id)) continue;
      const path = nodePath(this.#layout.parent, name);
      const node = await this.#read(path, false);
      if (!node || !this.#isOwn(node.value, path)) continue;
      const isOwn = node.stat.ephemeralOwner === this.#client.sessionId;
      if (isOwn && own === undefined) own = path;
      else if (!isOwn && former === undefined && this.#isFormer(node)) former = path;
      else if (isOwn || this.#isFormer(node)) await this.#deleteIfThere(path);
    }
    if (own !== undefined && former !== undefined) await this.#deleteIfThere(former);
    this.#path = own ?? former;
    this.#isUncertain = false;
  }

  // A server may not have heard yet of what another has made. What it has not heard of comes before its answer to a write,
  // also one that fails; the library has no sync.
  async #catchUp(): Promise<void> {
    try {
      await this.#client.delete(nodePath(this.#layout.parent, `_c_${this.#id}-none`));
    } catch (error) {
      if (!(error instanceof NoNodeError) && !(error instanceof NoAuthError)) throw error;
    }
  }

  async #children(): Promise<string[]> {
    try {
      return await this.#client.getChildren(this.#layout.parent);
    } catch (error) {
      if (error instanceof NoNodeError) return [];
      throw error;
    }
  }
}
