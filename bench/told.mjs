// What there is to tell of the runs, in words: for the page and for its Markdown.
import { othersAhead } from './behind.mjs';
import { comparisons, shown } from './result.mjs';

// From here on others are told of, as a part of all processors' time.
const NOISE = 0.05;
const STEAL = 0.02;

const percent = (part) => `${(part * 100).toFixed(1)}\u00a0%`;
const dated = (date) => `${date.slice(0, 10)} ${date.slice(11, 16)} UTC`;
const loads = (averages) => averages.map((average) => average.toFixed(2)).join(', ');
const listed = (versions) =>
  Object.entries(versions)
    .map((pair) => pair.join(' '))
    .join('; ');

export const ABOUT =
  'Each figure beside those of others, or of the same thing without ours, from the same run on the same machine; or beside what is promised of it, its bar.';

export const ABOUT_BEHIND =
  'Drawn from the results: each bar that is not held, and each row in which what ours is compared with is better.';

export const QUICK = 'QUICK: few measurements, made to try that they can be made. These are not figures.';

export const isNoisy = ({ load }) => load.others >= NOISE || load.stolen >= STEAL;

export function noiseOf({ load: { others, stolen } }) {
  return `The machine was not quiet. Meanwhile others used ${percent(others)} of the processors, and ${percent(stolen)} were given to other machines of the same host.`;
}

/** Whether all have been measured on one. */
export function shareMachine(benches) {
  return new Set(benches.map(({ machine }) => JSON.stringify(machine))).size === 1;
}

function machineFacts({ processors, model, memory, kernel, distribution, glibc }) {
  return [
    ['processors', `${processors} × ${model}`],
    ['memory', memory],
    ['system', `${distribution}, ${kernel}, glibc ${glibc}`],
  ];
}

/** When a benchmark has run, and with what, as pairs of a name and a text. */
export function factsOf({ date, seconds, machine, versions, load }, sharesMachine) {
  return [
    ['began', dated(date)],
    ['took', `${shown(seconds)} s`],
    ...(sharesMachine ? [] : machineFacts(machine)),
    ['load before', loads(load.before)],
    ['load after', loads(load.after)],
    ['others meanwhile', `${percent(load.others)} of the processors, ${percent(load.stolen)} stolen by the host`],
    ['versions', listed(versions)],
  ];
}

/** The same of all. */
export function commonFacts(benches) {
  const dates = benches.map(({ date }) => date).sort();
  const span = dates.at(-1) === dates[0] ? dated(dates[0]) : `${dated(dates[0])} to ${dated(dates.at(-1))}`;
  const where = shareMachine(benches)
    ? [
        ...machineFacts(benches[0].machine),
        ['versions', listed(Object.assign({}, ...benches.map(({ versions }) => versions)))],
      ]
    : [['machines', 'not one for all: each benchmark tells its own, and its versions']];
  return [['begun', span], ...where];
}

/** How to measure it again: commands, and what they do. */
export function commands(benches) {
  const two = benches
    .map(({ name }) => name)
    .slice(0, 2)
    .join(' ');
  return [
    ['npm run bench', 'all, one after the other; writes docs/benchmarks.html, .md and .json'],
    [`npm run bench -- --out docs ${two}`, 'renews some of them there'],
    ['npm run bench -- --quick', 'few measurements, to try that they can be made'],
  ];
}

/** Bars and comparisons, counted. */
export function sumsOf(benches) {
  const groups = benches.flatMap((bench) => bench.groups);
  const bars = groups.flatMap((group) => group.bars);
  const ratios = groups.flatMap(comparisons).map(({ ratio }) => ratio);
  return {
    held: `${bars.filter((bar) => bar.held).length} of ${bars.length}`,
    ahead: `${ratios.filter((ratio) => ratio > 1).length} of ${ratios.length}`,
    behind: `${ratios.filter((ratio) => ratio < 1).length}`,
  };
}

/** Each bar that is not held, and each row in which a peer is better, by benchmark. */
export function behindIn(benches) {
  const all = benches.map(({ title, groups, failure }) => {
    const ahead = groups.map(othersAhead);
    const failed = failure ? [`${title}: it failed (${failure.ended}): what it would have measured is not known.`] : [];
    return {
      title,
      missed: [...failed, ...ahead.flatMap(({ missed }) => missed)],
      sentences: ahead.flatMap(({ behind }) => behind),
    };
  });
  return {
    missed: all.flatMap(({ missed }) => missed),
    behind: all.filter(({ sentences }) => sentences.length > 0),
  };
}
