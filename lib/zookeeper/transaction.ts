import { INT_MAX, integer } from '../mistakes.js';
import { anyVersion, bytesOf, checkVersion } from './arguments.js';
import type { CreateOptions, Value, VersionOptions } from './options.js';
import { RolledBackError, ZooKeeperError } from './errors.js';
import type { CreateArguments, Request } from './requests.js';
import { commit, type Step, type StepResult } from './steps.js';

/** What a transaction asks of its client. */
export interface TransactionOwner {
  node(path: string, value: Value, options: CreateOptions): CreateArguments;
  path(path: string): string;
  relative(path: string): string;
  perform<T>(request: Request<T>): Promise<T>;
}

/** Several changes that are all made, in their order and at one moment, or none. */
export class Transaction {
  readonly #owner: TransactionOwner;
  readonly #steps: Step[] = [];

  /** Use `ZooKeeperClient.transaction`. */
  constructor(owner: TransactionOwner) {
    this.#owner = owner;
  }

  /** Makes a node. Its result is the path, with the digits if it is a `sequence`. */
  create(path: string, value: Value = '', options: Omit<CreateOptions, 'makePath'> = {}): this {
    this.#steps.push({ type: 'create', ...this.#owner.node(path, value, options) });
    return this;
  }

  /** Deletes a node, if it has that version. */
  delete(path: string, options?: VersionOptions): this {
    this.#steps.push({ type: 'delete', path: this.#owner.path(path), version: checkVersion(options) });
    return this;
  }

  /** Sets a node's value, if it has that version. Its result is what ZooKeeper knows of the node then. */
  set(path: string, value: Value, options?: VersionOptions): this {
    this.#steps.push({
      type: 'set',
      path: this.#owner.path(path),
      value: bytesOf('value', value),
      version: checkVersion(options),
    });
    return this;
  }

  /** Changes nothing; fails if there is no node, or it has not that version, 0 to 2³¹ - 1; -1: any. */
  check(path: string, version: number): this {
    integer('version', version, anyVersion, INT_MAX);
    this.#steps.push({ type: 'check', path: this.#owner.path(path), version });
    return this;
  }

  /**
   * Makes the changes.
   *
   * @returns the result of each: a path, what ZooKeeper knows of the node, or undefined
   * @throws {ZooKeeperError} the error of the first change that could not be made; nothing has been changed then
   */
  async commit(): Promise<Exclude<StepResult, ZooKeeperError>[]> {
    const results = await this.#owner.perform(commit(this.#steps));
    const errors = results.filter((result) => result instanceof ZooKeeperError);
    const error = errors.find((one) => one.errno !== 0 && !(one instanceof RolledBackError)) ?? errors[0];
    if (error) throw error;
    return results.map((result) => (typeof result === 'string' ? this.#owner.relative(result) : (result as never)));
  }
}
