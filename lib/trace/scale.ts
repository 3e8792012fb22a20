// From times to places: evenly, but for long stretches in which nothing happens, which are folded.
import type { Timeline } from './timeline.js';

/** A stretch in which nothing happens: of it, the drawing has a short piece, the same for all. */
interface Fold {
  readonly begin: number;
  readonly end: number;
}

interface ScaleOptions {
  readonly left: number;
  readonly right: number;
  /** Whether long stretches are folded. */
  readonly fold: boolean;
  /** The width of a folded stretch. */
  readonly folded: number;
}

/** How many there are, at most: one for so many moments at which something happens, and not more than these. */
const MOMENTS = 6;
const FOLDS = 6;
/** A stretch is folded that takes more than this part of all that is not folded. */
const LONG = 0.25;
/** Of a stretch that is folded, so much is left on both sides, in parts of what is not folded. */
const EDGE = 0.02;

/** All times at which something happens. */
function moments({ processes, events, signals, messages, duration }: Timeline): number[] {
  const times = [
    0,
    duration,
    ...processes.flatMap(({ born, died, reaped, adopted }) => [born, died, reaped, ...adopted.map(({ at }) => at)]),
    ...events.flatMap(({ at, end }) => [at, end]),
    ...signals.flatMap(({ sent, arrived }) => [sent, arrived]),
    ...messages.flatMap(({ written, read }) => [written, read]),
    ...processes.flatMap(({ spans }) =>
      spans.filter(({ state }) => state === 'stopped').flatMap(({ begin, end }) => [begin, end]),
    ),
  ];
  return times.filter((time) => time !== null).sort((one, other) => one - other);
}

function folds(timeline: Timeline): Fold[] {
  const times = moments(timeline);
  const gaps = times
    .slice(1)
    .map((end, index) => ({ begin: times[index] ?? 0, end }))
    .sort((one, other) => other.end - other.begin - (one.end - one.begin));
  const found: Fold[] = [];
  let rest = timeline.duration;
  for (const gap of gaps.slice(0, Math.min(FOLDS, Math.floor(times.length / MOMENTS)))) {
    const length = gap.end - gap.begin;
    if (length < LONG * rest) break;
    rest -= length;
    found.push(gap);
  }
  const edge = EDGE * rest;
  return found
    .map(({ begin, end }) => ({ begin: begin + edge, end: end - edge }))
    .filter(({ begin, end }) => end - begin > edge)
    .sort((one, other) => one.begin - other.begin);
}

const STEPS = [1, 2, 5];

export class Scale {
  readonly folds: readonly Fold[];
  readonly #left: number;
  readonly #duration: number;
  /** Pixels of a millisecond where nothing is folded. */
  readonly #density: number;
  readonly #folded: number;

  constructor(timeline: Timeline, { left, right, fold, folded }: ScaleOptions) {
    this.#folded = folded;
    this.#left = left;
    this.#duration = timeline.duration;
    this.folds = fold ? folds(timeline) : [];
    const quiet = this.folds.reduce((sum, { begin, end }) => sum + end - begin, 0);
    const width = right - left - this.folds.length * folded;
    this.#density = width / Math.max(timeline.duration - quiet, 1e-6);
  }

  /** Where a time is. */
  x(time: number): number {
    const at = Math.min(Math.max(time, 0), this.#duration);
    let x = this.#left + at * this.#density;
    for (const { begin, end } of this.folds) {
      if (at <= begin) break;
      const inside = Math.min(at, end) - begin;
      x += (inside / (end - begin)) * this.#folded - inside * this.#density;
    }
    return x;
  }

  isFolded(time: number): boolean {
    return this.folds.some(({ begin, end }) => time > begin && time < end);
  }

  /** Times for an axis, so far apart that what is written at them does not overlap, and not in a fold. */
  ticks(apart: number): number[] {
    const least = apart / this.#density;
    const power = 10 ** Math.floor(Math.log10(least));
    const step = power * (STEPS.find((factor) => factor * power >= least) ?? 10);
    const ticks: number[] = [];
    // Where the time is folded away, there are none to be passed over one by one.
    for (let n = 0; n * step <= this.#duration; n++) {
      const fold = this.folds.find(({ begin, end }) => n * step > begin && n * step < end);
      if (fold) n = Math.ceil(fold.end / step);
      if (n * step <= this.#duration) ticks.push(n * step);
    }
    return ticks;
  }
}
