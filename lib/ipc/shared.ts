import { MAP_ANONYMOUS, MAP_NORESERVE, MAP_SHARED, mmap, PROT_READ, PROT_WRITE } from '../posix/index.js';
import { Bell, BELL_WORDS } from './bell.js';

/** Memory that is shared with the children which are forked from now on. It is unmapped when nothing refers to it any more. */
export function sharedMemory(bytes: number): ArrayBuffer {
  return mmap(null, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/** What processes of a family share that was made before the fork: words in memory, and a descriptor to wait by. */
export abstract class Shared implements Disposable {
  /** @internal */
  protected readonly words: Int32Array;
  /** @internal */
  protected readonly bell: Bell;

  /** @param words how many, besides those of the bell */
  protected constructor(words: number) {
    this.words = new Int32Array(sharedMemory((words + BELL_WORDS) * Int32Array.BYTES_PER_ELEMENT));
    this.bell = new Bell(this.words, words, () => this.outstanding());
  }

  /**
   * Where each who waits waits for something of its own: whether there is something for one that may not have looked yet.
   *
   * @internal
   */
  protected outstanding(): boolean {
    return false;
  }

  /** Closes it in this process: who waits for it in the event loop is told. Again is no mistake. */
  close(): void {
    this.bell.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
