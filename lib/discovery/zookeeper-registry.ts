import { callback } from '../mistakes.js';
import {
  SessionClosedError,
  SessionExpiredError,
  ZooKeeperClient,
  ZooKeeperError,
  type Acl,
  type Credential,
} from '../zookeeper/index.js';
import { checkAddress, checkId, checkService } from './arguments.js';
import { codecs, type CodecName } from './codecs.js';
import { RegistryClosedError, RegistryUnavailableError } from './errors.js';
import type {
  Address,
  Instance,
  InstancesListener,
  RegisterOptions,
  Registration,
  Registry,
  Watch,
} from './registry.js';
import { Services } from './services.js';
import { ZooKeeperInstance } from './zookeeper-instance.js';
import { layoutOf } from './zookeeper-layout.js';
import { ZooKeeperService } from './zookeeper-service.js';

/** What a registry in ZooKeeper is made of. */
export interface ZooKeeperRegistryOptions {
  /** A connect string: `host:port,host:port/chroot`. */
  readonly servers: string;
  readonly codec: CodecName;
  /** The session timeout to ask for, in milliseconds. */
  readonly sessionTimeout: number | undefined;
  /** How long ZooKeeper may take for what it is asked, in milliseconds. */
  readonly timeout: number;
  readonly auth: readonly Credential[] | undefined;
  /** The ACL of all nodes that are made. */
  readonly defaultAcl: readonly Acl[] | undefined;
  /** How often to look when nothing was told, in milliseconds; 30,000 if absent. */
  readonly interval?: number;
  readonly warn: (message: string) => void;
}

/**
 * The registry of an ensemble of ZooKeeper servers: an ephemeral node for each instance. What happens to connections,
 * servers and sessions, it survives.
 *
 * @see https://zookeeper.apache.org/doc/r3.8.0/zookeeperProgrammers.html#Ephemeral+Nodes
 */
export class ZooKeeperRegistry implements Registry {
  readonly #client: ZooKeeperClient;
  readonly #options: ZooKeeperRegistryOptions;
  readonly #services: Services<ZooKeeperService>;
  readonly #instances = new Set<ZooKeeperInstance>();
  #watching = 0;
  #closing: Promise<void> | undefined;

  private constructor(client: ZooKeeperClient, options: ZooKeeperRegistryOptions) {
    this.#client = client;
    this.#options = options;
    this.#services = new Services(
      (name) => this.#open(name),
      () => {
        this.#abandon();
      },
    );
    client.onState((state) => {
      for (const service of this.#services) service.interrupt();
      if (state === 'suspended') {
        options.warn('the connection to ZooKeeper is lost: what was last seen of the services stays');
      }
    });
  }

  /** @throws {TypeError} ERR_INVALID_ARG_VALUE: it is no connect string */
  static check(servers: string): void {
    new ZooKeeperClient(servers);
  }

  /**
   * Connects.
   *
   * @throws {RegistryUnavailableError} ERR_REGISTRY_UNAVAILABLE: no server could be connected to in time, or none takes the
   * password
   * @throws {TypeError | RangeError} an option that cannot be
   */
  static async connect(options: ZooKeeperRegistryOptions): Promise<ZooKeeperRegistry> {
    const { servers, sessionTimeout, timeout, auth, defaultAcl, warn } = options;
    const client = new ZooKeeperClient(servers, {
      ...(sessionTimeout !== undefined && { sessionTimeout }),
      ...(auth && { auth }),
      ...(defaultAcl && { defaultAcl }),
      onWarning: warn,
    });
    try {
      await client.start({ timeout });
    } catch (error) {
      throw unavailable(error);
    }
    // A registration alone keeps no process alive.
    client.unref();
    return new ZooKeeperRegistry(client, options);
  }

  async register(service: string, address: Address, options?: RegisterOptions): Promise<Registration> {
    const { codec, warn } = this.#options;
    checkService(service);
    this.#services.checkOpen();
    const registrant = { service, id: checkId(options), since: Date.now() };
    const payloadOf = (at: Address) => codecs[codec].encode({ ...registrant, ...checkAddress(at) });
    const payload = payloadOf(address);
    const instance = new ZooKeeperInstance(this.#client, layoutOf(codec, service), registrant.id, warn);
    this.#instances.add(instance);
    try {
      await this.#inTime(instance.put(payload));
    } catch (error) {
      // It may be there all the same, or come yet.
      this.#remove(instance).catch(() => undefined);
      throw error;
    }
    let removal: Promise<void> | undefined;
    const unregister = async (): Promise<void> => {
      if (this.#services.closedBy !== undefined) return this.#closing;
      removal ??= this.#remove(instance);
      return this.#inTime(removal);
    };
    return {
      id: registrant.id,
      service,
      update: async (changed) => {
        const next = payloadOf(changed);
        this.#services.checkOpen();
        if (removal) throw new RegistryClosedError(`${registrant.id} of ${service} is unregistered`);
        await this.#inTime(instance.put(next));
      },
      unregister,
      [Symbol.asyncDispose]: unregister,
    };
  }

  watch(service: string, listener?: InstancesListener): Watch {
    if (listener !== undefined) callback('listener', listener);
    return this.#services.get(service).watch(listener);
  }

  async instances(service: string): Promise<readonly Instance[]> {
    const opened = this.#services.get(service);
    const look = async (): Promise<readonly Instance[]> => {
      for (;;) {
        try {
          return await opened.instances();
        } catch (error) {
          // Then there is another session soon.
          if (!(error instanceof SessionExpiredError)) throw error;
        }
      }
    };
    return this.#inTime(look());
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // The end of the session deletes all nodes at once.
  async #end(): Promise<void> {
    const reason = this.#services.close();
    if (reason === undefined) return;
    for (const service of this.#services) service.close();
    for (const instance of this.#instances) instance.close(reason);
    await this.#client.stop();
  }

  // The client ends itself in a forked child, without a word to the server.
  #abandon(): void {
    for (const instance of this.#instances) instance.abandon();
    for (const service of this.#services) service.close();
  }

  async #remove(instance: ZooKeeperInstance): Promise<void> {
    try {
      await instance.remove();
      instance.close('it is unregistered');
      this.#instances.delete(instance);
    } catch (error) {
      // The session ends, and the node with it.
      if (!(error instanceof RegistryClosedError)) throw error;
    }
  }

  /** Waits for an answer, but not for ever: what was asked for is done all the same, when ZooKeeper is back. */
  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { timeout } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new RegistryUnavailableError(`ZooKeeper has not answered within ${timeout} ms`));
      }, timeout);
    });
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      throw unavailable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #open(name: string): ZooKeeperService {
    return new ZooKeeperService(layoutOf(this.#options.codec, name), {
      client: this.#client,
      interval: this.#options.interval ?? 30_000,
      keepAlive: (on) => {
        this.#keepAlive(on);
      },
      warn: this.#options.warn,
    });
  }

  #keepAlive(on: boolean): void {
    this.#watching += on ? 1 : -1;
    if (this.#watching > 0) this.#client.ref();
    else this.#client.unref();
  }
}

/** As discovery says it. */
function unavailable(error: unknown): unknown {
  if (error instanceof SessionClosedError) return new RegistryClosedError('the registry is closed');
  if (!(error instanceof ZooKeeperError)) return error;
  return new RegistryUnavailableError(error.message, { cause: error });
}
