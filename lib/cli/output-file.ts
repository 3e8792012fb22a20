import { closeSync, openSync, writeFileSync } from 'node:fs';
import { Failure } from './exit-codes.js';

/**
 * A file that a command writes when what it runs has ended. It is opened before: that it cannot be written must not be known
 * at the end only.
 */
export class OutputFile implements Disposable {
  readonly #path: string;
  #fd: number | undefined;

  /** @throws {Failure} file: it cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.#fd = this.#orFail(() => openSync(path, 'w'));
  }

  /**
   * Writes all that is to be in it, and closes it.
   *
   * @throws {Failure} file
   */
  write(text: string): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#orFail(() => {
      writeFileSync(fd, text);
    });
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #orFail<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new Failure('file', `'${this.#path}' cannot be written: ${(error as Error).message}`, error);
    }
  }
}
