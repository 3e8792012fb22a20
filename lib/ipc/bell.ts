// Waiting in the event loop. A futex has no descriptor to watch; an eventfd has, and a family shares it that was made before the
// fork. It is rung while anybody watches; all who watch look, and who finds nothing silences it.
import { Aborts } from '../aborts.js';
import {
  atfork,
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
import { LOOK_AGAIN } from './sleep.js';

/** The words that one takes: how many processes watch, and whether it is rung. */
export const BELL_WORDS = 2;

interface Wait {
  /** Whether what is waited for has come. What it throws ends the wait, too. */
  readonly attempt: () => boolean;
  readonly settle: (error?: { reason: unknown }) => void;
  /** Nobody waits any more, and nobody is told. */
  readonly drop: () => void;
}

/** Those who wait for the same thing: in order, unless each waits for something of its own. */
export type Line = Set<Wait>;

const aborts = new Aborts();
const watching = new Set<Bell>();
let hooked = false;

// The waits of a parent are not its child's: their promises are never settled there.
function hook(): void {
  if (hooked) return;
  hooked = true;
  atfork({
    child() {
      for (const bell of watching) bell.forget();
      watching.clear();
    },
  });
}

// The descriptors of objects that were forgotten.
const forgotten = new FinalizationRegistry(close);

export class Bell {
  readonly #words: Int32Array;
  readonly #at: number;
  #fd: number;
  readonly #lines = new Map<Line, boolean>();
  #watcher: Watcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
    this.#fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    forgotten.register(this, this.#fd, this);
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Tells those who watch that something has changed. */
  ring(): void {
    if (Atomics.load(this.#words, this.#at) <= 0) return;
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
          wait.settle({ reason });
          this.#rest();
        },
      };
      const wait: Wait = {
        attempt,
        settle(error) {
          drop();
          if (error) reject(error.reason);
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
    this.#watcher = new Watcher(this.#fd, () => {
      this.#look();
    });
    this.#timer = setInterval(() => {
      // Who rang may have been killed before it was heard.
      this.#silence();
      this.#look();
    }, LOOK_AGAIN);
  }

  #look(): void {
    this.#attemptAll();
    if (this.#lines.size === 0) {
      this.#rest();
      return;
    }
    this.#silence();
    // What came before it was silenced.
    this.#attemptAll();
    this.#rest();
  }

  #attemptAll(): void {
    for (const [line, inOrder] of [...this.#lines]) {
      for (const wait of [...line]) if (!attempted(wait) && inOrder) break;
    }
  }

  #silence(): void {
    Atomics.store(this.#words, this.#at + 1, 0);
    try {
      eventfd_read(this.#fd);
    } catch (error) {
      // Another process has been quicker.
      if (!isPosixError(error, 'EAGAIN')) throw error;
    }
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
  } catch (reason) {
    wait.settle({ reason });
  }
  return true;
}
