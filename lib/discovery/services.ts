import { atfork } from '../posix/index.js';
import { checkService } from './arguments.js';
import { RegistryClosedError } from './errors.js';

/** The services of a registry that this process has to do with, by their names, until the registry is closed. */
export class Services<Service> implements Iterable<Service> {
  readonly #open: (name: string) => Service;
  readonly #services = new Map<string, Service>();
  readonly #forgetFork: () => void;
  #closedBy: string | undefined;

  /**
   * @param open makes a service
   * @param abandon is called in a forked child, where the registry is closed: what there is of it there is a copy of the parent's
   */
  constructor(open: (name: string) => Service, abandon: () => void) {
    this.#open = open;
    this.#forgetFork = atfork({
      child: () => {
        this.#end('the registry is that of the parent of this forked process, which needs one of its own');
        abandon();
      },
    });
  }

  /** Why it is closed, if it is. */
  get closedBy(): string | undefined {
    return this.#closedBy;
  }

  /**
   * The service of this name; a new one if there is none yet.
   *
   * @throws {RegistryClosedError}
   * @throws {TypeError} as `checkService`
   */
  get(name: string): Service {
    checkService(name);
    this.checkOpen();
    const before = this.#services.get(name);
    if (before !== undefined) return before;
    const service = this.#open(name);
    this.#services.set(name, service);
    return service;
  }

  /** @throws {RegistryClosedError} */
  checkOpen(): void {
    if (this.#closedBy !== undefined) throw new RegistryClosedError(this.#closedBy);
  }

  /** The registry is closed: none is given away any more. @returns why, for others to say; undefined if it was so already */
  close(): string | undefined {
    if (this.#closedBy !== undefined) return undefined;
    this.#end('the registry is closed');
    return this.#closedBy;
  }

  [Symbol.iterator](): Iterator<Service> {
    return this.#services.values();
  }

  #end(reason: string): void {
    this.#closedBy = reason;
    this.#forgetFork();
  }
}
