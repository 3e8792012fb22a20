// V8's memory reducer: it collects all garbage of a process once that has come to rest, a while after the last full collection.
// Forks inherit when that is due, if it is: a whole family does it at one moment then, also workers that have had nothing to do
// yet, and each has pages of its own from then on that it shared.
import { setFlagsFromString } from 'node:v8';

/** V8 of Node.js 22 to 26 can be told while it runs. A flag that it does not know, as that of 20, it complains of on stderr. */
const [FIRST, LAST] = [12, 14];
const version = parseInt(process.versions.v8);
const isTold = version >= FIRST && version <= LAST;

/** How many collections it makes in a row, where nobody has told it. */
const USUAL = 2;
/** When what a fork has inherited is due at the latest, in milliseconds: in Node.js 26 V8 waits for 30 s, before for 8. */
const INHERITED = 40_000;

let held = false;
let timer: NodeJS.Timeout | undefined;

function collections(most: number): void {
  if (isTold) setFlagsFromString(`--memory-reducer-gc-count=${String(most)}`);
}

/** In a process from which others are forked, before: it collects when it takes memory, and not because it rests. */
export function holdReducer(): void {
  clearTimeout(timer);
  if (held) return;
  held = true;
  collections(0);
}

/** From which none is forked any more: V8 does as ever. */
export function releaseReducer(): void {
  if (!held) return;
  held = false;
  collections(USUAL);
}

/** In a worker: what is due has its parent's work for a reason. After that V8 does as ever, for what the worker has taken itself. */
export function outwaitReducer(): void {
  if (isTold) timer = setTimeout(releaseReducer, INHERITED).unref();
}
