// What is made of measurements: a median, a ratio, and whether it holds its bar.
export const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

/** Each of the functions once, then each again, and so on: whatever else the machine does comes to all of them. */
export async function interleave(rounds, functions) {
  const values = Object.fromEntries(Object.keys(functions).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(functions)) values[name].push(await measure());
  }
  return values;
}

/**
 * @param figure `what`, `unit`; `ours` and `theirs`: measurements; `peer`: whose theirs are; `better`: whether it is better to have
 * `less` or `more`; `bar`: how many times as good ours have to be, absent if they need not
 */
export function compared({ ours, theirs, better, bar, ...rest }) {
  const [mine, peers] = [median(ours), median(theirs)];
  const ratio = better === 'less' ? peers / mine : mine / peers;
  return { ...rest, ours: mine, theirs: peers, better, ratio, bar, held: bar === undefined ? undefined : ratio >= bar };
}

/** @param figure `what`, `unit`, `ours`; `most`: what it may be at most, absent if it may be anything; `peer`: whose it is, if not ours */
export function counted({ most, ...rest }) {
  return { ...rest, most, held: most === undefined ? undefined : rest.ours <= most };
}

/** @param install the command that brings the peer */
export function absent(peer, install) {
  return { what: `against ${peer}`, absent: peer, install };
}

/** In so many digits as are worth it. */
export function shown(value) {
  if (!Number.isFinite(value)) return '∞';
  if (Number.isInteger(value) || value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value < 10 ? 2 : 1);
}

const WIDTHS = { what: 68, ours: 14, peer: 24, theirs: 14, ratio: 8 };

function columns({ what, ours, peer = '', theirs = '', ratio = '' }, bar) {
  const numbers = [ours.padStart(WIDTHS.ours), `  ${peer.padEnd(WIDTHS.peer)}`, theirs.padStart(WIDTHS.theirs)];
  return `  ${what.padEnd(WIDTHS.what)}${numbers.join('')}${ratio.padStart(WIDTHS.ratio)}  ${bar}`.trimEnd();
}

function verdict({ held, bar, most, least }) {
  if (held === undefined) return '';
  const limit = least === undefined ? `at most ${most}` : `at least ${shown(least)}`;
  return `${bar === undefined ? limit : `${bar} ×`}${held ? '' : ', MISSED'}`;
}

function line(figure) {
  const { what, unit = '', ours, peer, theirs, ratio, install } = figure;
  if (install) return `  ${what.padEnd(WIDTHS.what)}  absent; install it with: ${install}`;
  const value = (number) => `${shown(number)} ${unit}`.trimEnd();
  const compared = theirs === undefined ? {} : { peer, theirs: value(theirs), ratio: `${shown(ratio)} ×` };
  return columns({ what, ours: value(ours), ...compared }, verdict(figure));
}

/** The names of the columns; the ratio is how many times as good ours is. */
export function printHead() {
  console.log(columns({ what: '', ours: 'truefork', peer: 'against', theirs: 'it', ratio: 'ratio' }, 'bar'));
}

export function print(figures) {
  for (const figure of figures) console.log(line(figure));
}
