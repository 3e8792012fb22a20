// Waiting in the event loop. A futex has no descriptor to watch; an eventfd is one, and a family shares it that was made before
// the fork. It is rung while anybody watches; all who watch look. Where all wait for the same, there is nothing for anybody if
// one finds nothing, and that one silences it. Where each waits for something of its own, it goes on ringing until all have been
// heard who are meant.
import { Aborts } from '../aborts.js';
import {
  close,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  eventfd,
  eventfd_read,
  eventfd_write,
  isPosixError,
  Watcher,
} from '../posix/index.js';
import { ClosedError } from './errors.js';
import { inChildren } from './forks.js';
import { LOOK_AGAIN } from './sleep.js';

/** The words that one takes: how many processes watch, and whether it is rung. */
export const BELL_WORDS = 2;

// In milliseconds.
const SHORTEST_PAUSE = 1;

interface Wait {
  /** Whether what is waited for has come. What it throws ends the wait, too. */
  readonly attempt: () => boolean;
  readonly settle: (failure?: { reason: Error }) => void;
  /** Nobody waits any more, and nobody is told. */
  readonly drop: () => void;
}

/** Those who wait for the same thing: in order, unless each waits for something of its own. */
export type Line = Set<Wait>;

const aborts = new Aborts();
const watching = new Set<Bell>();

// The waits of a parent are not its child's: their promises are never settled there.
const hook = inChildren(() => {
  for (const bell of watching) bell.forget();
  watching.clear();
});

// The descriptors of objects that were forgotten.
const forgotten = new FinalizationRegistry(close);

export class Bell {
  readonly #words: Int32Array;
  readonly #at: number;
  #fd: number;
  readonly #lines = new Map<Line, boolean>();
  #watcher: Watcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #outstanding: () => boolean;
  /** Of one who is not meant: until it looks again. */
  #pause: NodeJS.Timeout | undefined;
  #pauseLength = SHORTEST_PAUSE;

  /** @param outstanding whether there is something for somebody who may not have looked yet */
  constructor(words: Int32Array, at: number, outstanding: () => boolean = () => false) {
    this.#words = words;
    this.#at = at;
    this.#outstanding = outstanding;
    this.#fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    forgotten.register(this, this.#fd, this);
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Tells those who watch that something has changed. By one that is closed they are not told, and look by themselves. */
  ring(): void {
    if (this.#fd < 0 || Atomics.load(this.#words, this.#at) <= 0) return;
    if (Atomics.exchange(this.#words, this.#at + 1, 1) === 0) eventfd_write(this.#fd, 1);
  }

  /**
   * Waits until an attempt succeeds.
   *
   * @param line those who wait for the same
   * @param inOrder whether nobody in the line can succeed when the one before has not
   * @returns whether it has; false: the time is over
   */
  async wait(
    line: Line,
    inOrder: boolean,
    attempt: () => boolean,
    { timeout, signal }: { timeout: number; signal: AbortSignal | undefined },
  ): Promise<boolean> {
    if (this.#fd < 0) throw new ClosedError('it is closed');
    if (!(inOrder && line.size > 0) && attempt()) return true;
    if (timeout === 0) return false;
    return await new Promise<boolean>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const drop = (): void => {
        clearTimeout(timer);
        if (signal) aborts.delete(signal, abortable);
        line.delete(wait);
        if (line.size === 0) this.#lines.delete(line);
      };
      const abortable = {
        abort: (reason: unknown) => {
          wait.settle({ reason: reason as Error });
          this.#rest();
        },
      };
      const wait: Wait = {
        attempt,
        settle(failure) {
          drop();
          if (failure) reject(failure.reason);
          else resolve(true);
        },
        drop,
      };
      const late = (): void => {
        drop();
        this.#rest();
        resolve(false);
      };
      if (timeout <= LONGEST) timer = setTimeout(late, timeout);
      if (signal) aborts.add(signal, abortable);
      line.add(wait);
      this.#lines.set(line, inOrder);
      this.#watch();
      // What came before it was known that somebody watches was not rung for.
      this.#look();
    });
  }

  #watch(): void {
    if (this.#watcher) return;
    hook();
    watching.add(this);
    Atomics.add(this.#words, this.#at, 1);
    this.#listen();
    this.#timer = setInterval(this.#look, LOOK_AGAIN);
  }

  #listen(): void {
    this.#watcher = new Watcher(this.#fd, this.#look);
  }

  readonly #look = (): void => {
    this.#attemptAll();
    if (this.#lines.size > 0) {
      if (this.#outstanding()) {
        this.#leaveToOthers();
        return;
      }
      this.#silence();
      // What came before it was silenced.
      this.#attemptAll();
    }
    this.#pauseLength = SHORTEST_PAUSE;
    this.#rest();
  };

  // It rings for others. Until these have looked, it is not listened to all the time.
  #leaveToOthers(): void {
    this.#watcher?.close();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#listen();
      this.#look();
    }, this.#pauseLength);
    this.#pauseLength = Math.min(2 * this.#pauseLength, LOOK_AGAIN);
  }

  #attemptAll(): void {
    for (const [line, inOrder] of [...this.#lines]) {
      for (const wait of [...line]) if (!attempted(wait) && inOrder) break;
    }
  }

  // In this order: who rings in between takes it for rung still, and is heard by the look that follows. The other way round, its
  // ringing would be read away, and nobody would ring again.
  #silence(): void {
    try {
      eventfd_read(this.#fd);
    } catch (error) {
      // Another process has been quicker.
      if (!isPosixError(error, 'EAGAIN')) throw error;
    }
    Atomics.store(this.#words, this.#at + 1, 0);
  }

  // Nobody waits: it is not watched any more.
  #rest(): void {
    if (this.#lines.size > 0 || !this.#watcher) return;
    Atomics.sub(this.#words, this.#at, 1);
    watching.delete(this);
    this.#stop();
  }

  #stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    clearTimeout(this.#pause);
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** In a child: nobody waits. */
  forget(): void {
    for (const line of [...this.#lines.keys()]) for (const wait of [...line]) wait.drop();
    this.#stop();
  }

  /** Closes it in this process; those who wait are told. */
  close(): void {
    if (this.#fd < 0) return;
    const reason = new ClosedError('it was closed while somebody waited');
    for (const line of [...this.#lines.keys()]) for (const wait of [...line]) wait.settle({ reason });
    this.#rest();
    close(this.#fd);
    forgotten.unregister(this);
    this.#fd = -1;
  }
}

// The longest delay of a timer: nobody waits longer.
const LONGEST = 2 ** 31 - 1;

function attempted(wait: Wait): boolean {
  try {
    if (!wait.attempt()) return false;
    wait.settle();
  } catch (error) {
    wait.settle({ reason: error as Error });
  }
  return true;
}
