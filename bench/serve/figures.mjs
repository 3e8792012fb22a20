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

function verdict({ held }, bar) {
  return `(bar: ${bar}${held ? '' : '; MISSED'})`;
}

function line(figure) {
  const { what, unit = '', ours, peer, theirs, ratio, bar, better, most, install } = figure;
  const start = `  ${what.padEnd(58)}`;
  if (install) return `${start}absent; install it with: ${install}`;
  const value = `${shown(ours)} ${unit}`.trimEnd().padStart(14);
  if (theirs === undefined) {
    return `${start}${value}  ${most === undefined ? '' : verdict(figure, `${most} at most`)}`.trimEnd();
  }
  const times = `${shown(ratio)} × ${better === 'less' ? 'less' : 'as many'}`;
  const end = bar === undefined ? '' : ` ${verdict(figure, `${bar} ×`)}`;
  return `${start}${value}  ${peer} ${shown(theirs)} ${unit}: ${times}${end}`;
}

export function print(figures) {
  for (const figure of figures) console.log(line(figure));
}
