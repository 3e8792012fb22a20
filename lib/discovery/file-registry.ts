import { join } from 'node:path';
import { callback } from '../mistakes.js';
import { makeDirectories } from '../runtime-directory.js';
import { checkAddress, checkId } from './arguments.js';
import type { Codec } from './codec.js';
import { DirectoryWatch } from './directory-watch.js';
import { RegistryClosedError } from './errors.js';
import { FileInstance } from './file-instance.js';
import { FileReader } from './file-reader.js';
import { FileService } from './file-service.js';
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

// The promise of what is done at once: nothing here waits, so that a fork never comes in the middle.
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

class FileRegistration implements Registration {
  readonly id: string;
  readonly service: string;
  readonly #change: (address: Address | undefined) => void;

  /** @param change updates the address, or unregisters it if there is none */
  constructor(id: string, service: string, change: (address: Address | undefined) => void) {
    this.id = id;
    this.service = service;
    this.#change = change;
  }

  update(address: Address): Promise<void> {
    return promised(() => {
      this.#change(checkAddress(address));
    });
  }

  unregister(): Promise<void> {
    return promised(() => {
      this.#change(undefined);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unregister();
  }
}

/**
 * The registry of one machine, in the file system: a directory for each service, a file for each instance, locked for
 * as long as its process lives.
 *
 * @see https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html
 * @see https://man7.org/linux/man-pages/man7/inotify.7.html
 */
export class FileRegistry implements Registry {
  readonly #directory: string;
  readonly #codec: Codec;
  readonly #warn: (message: string) => void;
  readonly #directories = new DirectoryWatch();
  readonly #services: Services<FileService>;

  /**
   * @param directory is made if it is missing, for this user alone
   * @throws {Error} that of mkdir(2)
   */
  constructor(directory: string, codec: Codec, warn: (message: string) => void) {
    makeDirectories(directory);
    this.#directory = directory;
    this.#codec = codec;
    this.#warn = warn;
    this.#services = new Services(
      (name) => this.#open(name),
      () => {
        this.#abandon();
      },
    );
  }

  register(service: string, address: Address, options?: RegisterOptions): Promise<Registration> {
    return promised(() => {
      const opened = this.#services.get(service);
      const registrant = { service, id: checkId(options), since: Date.now() };
      const payloadOf = (at: Address) => this.#codec.encode({ ...registrant, ...checkAddress(at) });
      const file = new FileInstance(join(this.#directory, service), registrant.id, payloadOf(address));
      opened.add(file);
      let isRegistered = true;
      return new FileRegistration(registrant.id, service, (changed) => {
        if (changed) {
          this.#services.checkOpen();
          if (!isRegistered) throw new RegistryClosedError(`${registrant.id} of ${service} is unregistered`);
          file.update(payloadOf(changed));
        } else if (isRegistered && this.#services.closedBy === undefined) {
          isRegistered = false;
          opened.remove(file);
        }
      });
    });
  }

  watch(service: string, listener?: InstancesListener): Watch {
    if (listener !== undefined) callback('listener', listener);
    return this.#services.get(service).watch(listener);
  }

  instances(service: string): Promise<readonly Instance[]> {
    return promised(() => this.#services.get(service).instances());
  }

  close(): Promise<void> {
    return promised(() => {
      if (this.#services.close() === undefined) return;
      try {
        for (const service of this.#services) service.close();
      } finally {
        this.#directories.close();
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // A forked child has copies of the descriptors, and with them it would hold the parent's locks when the parent has
  // crashed. To close them is all it may do: what else there is, the files and the queue, is the parent's.
  #abandon(): void {
    for (const service of this.#services) service.abandon();
    this.#directories.close();
  }

  #open(name: string): FileService {
    const path = join(this.#directory, name);
    return new FileService(path, this.#directories, new FileReader(path, this.#warn), this.#warn);
  }
}
