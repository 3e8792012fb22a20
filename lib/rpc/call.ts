import type { Abortable, Aborts } from '../aborts.js';
import type { Connection } from './connection.js';
import type { Endpoint } from './endpoint.js';
import {
  ClientClosedError,
  ConnectError,
  ConnectionLostError,
  NoInstanceError,
  OverloadedError,
  RpcTimeoutError,
} from './errors.js';
import type { Exchange } from './exchange.js';
import type { Pool } from './pool.js';
import type { RetryBudget } from './retry-budget.js';

/** The client, as its calls see it. */
export interface CallHost {
  readonly service: string;
  readonly pool: Pool;
  readonly budget: RetryBudget;
  readonly aborts: Aborts;
  /** Whether the client is closed: no further attempt is made. */
  isClosed(): boolean;
  /** Has the call go on when there is an instance. It may fail it at once: too many wait. */
  wait(call: Call): void;
  forget(call: Call): void;
}

/** What a call is made with. */
export interface CallSettings {
  /** In milliseconds. */
  readonly timeout: number;
  readonly idempotent: boolean;
  readonly signal: AbortSignal | undefined;
}

// A call that ends its server each time (a worker that crashes) does not end more of them.
const maxAttempts = 3;

/** One call of a client, through all its attempts, until it is settled. */
export class Call implements Exchange, Abortable {
  readonly head: string;
  readonly deadline: number;
  connection: Connection | undefined;
  number = 0;
  isSent = false;
  readonly #host: CallHost;
  readonly #settings: CallSettings;
  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #endpoint: Endpoint | undefined;
  #settled = false;
  /** Those that it was sent to in vain, and of them those that refused the connection. */
  #tried: Set<Endpoint> | undefined;
  #refused: Set<Endpoint> | undefined;
  #attempts = 0;

  constructor(
    host: CallHost,
    head: string,
    settings: CallSettings,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#host = host;
    this.head = head;
    this.#settings = settings;
    this.#resolve = resolve;
    this.#reject = reject;
    const { timeout, signal } = settings;
    const now = performance.now();
    this.deadline = now + timeout;
    this.#timer = setTimeout(timeOut, timeout, this);
    if (signal) host.aborts.add(signal, this);
    host.budget.deposit(now);
    this.go(now);
  }

  /** Makes an attempt. */
  go(now: number): void {
    if (this.#host.isClosed()) {
      this.#end(new ClientClosedError());
      return;
    }
    this.connection = undefined;
    this.#endpoint = this.#host.pool.pick(now, this.#tried);
    if (this.#endpoint) this.#endpoint.send(this, now);
    else this.#host.wait(this);
  }

  succeed(result: unknown): void {
    if (this.#settled) return;
    this.#endpoint?.answered();
    this.#settle();
    this.#resolve(result);
  }

  /** The attempt has failed: the call goes to another server, if that can do no harm. */
  fail(error: Error): void {
    if (this.#settled) return;
    if (!(error instanceof ConnectionLostError)) {
      // An error is an answer too.
      if (this.isSent) this.#endpoint?.answered();
      if (!(error instanceof OverloadedError)) this.#end(error);
      else this.#again(error, true);
    } else if (error.sent) {
      if (this.#settings.idempotent) this.#again(error, false);
      else this.#end(error);
    } else {
      this.#move(error);
    }
  }

  /** The time is up. */
  expire(): void {
    if (this.#settled) return;
    const { timeout } = this.#settings;
    const { service } = this.#host;
    if (this.#endpoint === undefined) {
      this.#end(new NoInstanceError(`no instance of ${service}`));
      return;
    }
    if (this.isSent) this.#endpoint.missed(performance.now());
    const { connection } = this;
    this.#end(new RpcTimeoutError(`no reply from ${service} within ${timeout} ms`));
    connection?.abandon(this, true);
  }

  /** Its caller gives it up. */
  abort(reason: unknown): void {
    const { connection } = this;
    this.#end(reason);
    connection?.abandon(this, false);
  }

  forget(): void {
    if (!this.#settled) this.#settle();
  }

  /** It was sent, and is once more. @param elsewhere only if there is another server */
  #again(error: Error, elsewhere: boolean): void {
    const now = performance.now();
    const { pool, budget } = this.#host;
    this.#tried ??= new Set();
    if (this.#endpoint) this.#tried.add(this.#endpoint);
    const worthIt = ++this.#attempts < maxAttempts && (!elsewhere || pool.hasOther(now, this.#tried));
    if (worthIt && !this.#host.isClosed() && budget.withdraw(now)) this.go(now);
    else this.#end(error);
  }

  /** It was not sent. That costs no server anything, and each may refuse it once. */
  #move(error: ConnectionLostError): void {
    if (this.#host.isClosed()) {
      this.#end(error);
      return;
    }
    if (this.#endpoint && error instanceof ConnectError) {
      this.#tried ??= new Set();
      this.#refused ??= new Set();
      this.#tried.add(this.#endpoint);
      this.#refused.add(this.#endpoint);
      // An empty list is waited for, but not a server that refuses.
      if (this.#host.pool.size > 0 && this.#host.pool.isWithin(this.#refused)) {
        this.#end(error);
        return;
      }
    }
    this.go(performance.now());
  }

  #end(error: unknown): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    const { signal } = this.#settings;
    if (signal) this.#host.aborts.delete(signal, this);
    if (this.#endpoint === undefined) this.#host.forget(this);
  }
}

// After what has come meanwhile: if this process was busy or stopped, the reply may be here.
function timeOut(call: Call): void {
  setImmediate(() => {
    call.expire();
  });
}
