import type { Connection } from './connection.js';
import { answerError } from './errors.js';
import type { Request } from './requests.js';
import type { Watches } from './watches.js';

interface Operation {
  readonly request: Request<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The operations of a session that have not ended: each ends once, whether or not the library ever says so. Their timers
 * keep the process alive.
 */
export class Operations {
  readonly #watches: Watches;
  readonly #unsent = new Set<Operation>();
  readonly #sent = new Set<Operation>();

  constructor(watches: Watches) {
    this.#watches = watches;
  }

  /**
   * Takes an operation, to be sent.
   *
   * @param limit how long it may take, in milliseconds
   * @param why says why there was no answer in that time, if that is known
   */
  add<T>(request: Request<T>, limit: number, why: () => string | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const reason = why();
        const cause = reason === undefined ? undefined : new Error(reason);
        this.#fail(operation, answerError(-7, request.what, request.path, cause));
      }, limit);
      const operation = { request, resolve, reject, timer } as Operation;
      this.#unsent.add(operation);
    });
  }

  /** Sends what is not sent. */
  send(connection: Connection): void {
    for (const operation of this.#unsent) {
      this.#unsent.delete(operation);
      this.#sent.add(operation);
      this.#issue(operation, connection);
    }
  }

  /**
   * The connection is lost: what was sent on it and only reads is the first to be sent on the next. The rest of it fails,
   * since it may have been carried out.
   */
  retry(): void {
    const unsent = [...this.#unsent];
    this.#unsent.clear();
    for (const operation of this.#sent) {
      const { what, path, isRead } = operation.request;
      if (isRead) this.#unsent.add(operation);
      else this.#fail(operation, answerError(-4, what, path));
    }
    this.#sent.clear();
    for (const operation of unsent) this.#unsent.add(operation);
  }

  /** Fails what is not sent. */
  rejectUnsent(error: (request: Request<unknown>) => Error): void {
    for (const operation of this.#unsent) this.#fail(operation, error(operation.request));
  }

  /** Fails all. */
  reject(error: (request: Request<unknown>) => Error): void {
    this.rejectUnsent(error);
    for (const operation of this.#sent) this.#fail(operation, error(operation.request));
  }

  /** Forgets all, in a forked child: who waits for them there is a copy of who waits in the parent. */
  abandon(): void {
    for (const { timer } of [...this.#unsent, ...this.#sent]) clearTimeout(timer);
    this.#unsent.clear();
    this.#sent.clear();
  }

  #issue(operation: Operation, connection: Connection): void {
    try {
      connection.issue((client) => {
        operation.request.issue(client, this.#watches, (error, result) => {
          // It may have timed out.
          if (!this.#sent.delete(operation)) return;
          clearTimeout(operation.timer);
          if (error) operation.reject(error);
          else operation.resolve(result);
        });
      });
    } catch (error) {
      this.#fail(operation, error as Error);
    }
  }

  #fail(operation: Operation, error: Error): void {
    this.#unsent.delete(operation);
    this.#sent.delete(operation);
    clearTimeout(operation.timer);
    operation.reject(error);
  }
}
