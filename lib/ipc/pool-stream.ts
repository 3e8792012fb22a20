// The results of a pool one by one, while its workers go on: so many ahead of who takes them, and no more.

/** What has been given to the workers, and what came of it. */
interface Entry<R> {
  results?: R[];
  failure?: { reason: unknown };
}

/** Those who wait for a change. */
class Change {
  #waiting: (() => void)[] = [];

  tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

export interface StreamOptions<T, R> {
  readonly items: Iterable<T> | AsyncIterable<T>;
  readonly chunksize: number;
  /** How many chunks may be with the workers, or be done and not taken yet. */
  readonly ahead: number;
  /** Whether results come in the order of the items. */
  readonly ordered: boolean;
  readonly signal: AbortSignal | undefined;
  readonly submit: (chunk: T[]) => Promise<R[]>;
}

function iteratorOf<T>(items: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

/** The results. When nobody takes them any more, no further items are asked for. */
export async function* stream<T, R>(options: StreamOptions<T, R>): AsyncGenerator<R, void, undefined> {
  const { chunksize, ahead, ordered, signal, submit } = options;
  const source = iteratorOf(options.items);
  const entries: Entry<R>[] = [];
  const change = new Change();
  const asked = { ended: false, stopped: false, waits: false };

  const give = (chunk: T[]): void => {
    const entry: Entry<R> = {};
    entries.push(entry);
    submit(chunk)
      .then(
        (results) => {
          entry.results = results;
        },
        (reason: unknown) => {
          entry.failure = { reason };
        },
      )
      .finally(() => {
        change.tell();
      })
      .catch(() => undefined);
  };

  const pump = async (): Promise<void> => {
    let chunk: T[] = [];
    while (!asked.stopped) {
      if (entries.length >= ahead) {
        await change.next();
        continue;
      }
      asked.waits = true;
      const next = await source.next();
      asked.waits = false;
      if (next.done !== true) chunk.push(next.value);
      if (chunk.length === chunksize || (next.done === true && chunk.length > 0)) {
        give(chunk);
        chunk = [];
      }
      if (next.done === true) break;
    }
    asked.ended = true;
    change.tell();
  };

  pump().catch((reason: unknown) => {
    entries.push({ failure: { reason } });
    asked.ended = true;
    change.tell();
  });
  const aborted = (): void => {
    change.tell();
  };
  const leave = async (): Promise<void> => {
    await source.return?.();
  };
  let hasFailed = false;
  signal?.addEventListener('abort', aborted);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const index = ordered ? 0 : entries.findIndex(({ results, failure }) => results ?? failure);
      const entry = entries[index];
      if (entry?.failure) throw entry.failure.reason;
      if (entry?.results) {
        yield* entry.results;
        entries.splice(index, 1);
        change.tell();
      } else if (asked.ended && entries.length === 0) {
        return;
      } else {
        await change.next();
      }
    }
  } catch (reason) {
    hasFailed = true;
    throw reason;
  } finally {
    asked.stopped = true;
    signal?.removeEventListener('abort', aborted);
    change.tell();
    if (!asked.ended) {
      const left = leave();
      // One that waits itself may do so for ever.
      if (hasFailed || asked.waits) left.catch(() => undefined);
      else await left;
    }
  }
}
