// The one shape of what a benchmark finds, a list of groups. The table on the terminal, the JSON, the page and the pictures are
// drawn from it.
//
// A group: `name`; `title`; `about`, what is measured, in a sentence; `unit`; `better`, whether it is better to have `less` or
// `more`, absent where neither is; `statistic`, what a row's value is of its measurements, `median` or `least`; and
//
// - `rows`: `name`; `ours`, or what ours is compared with; `value`; `spread`, the least and the most; `count`, of how many
//   measurements; `values`, these if they are few; `of`, what the value is a part of; `peers`, the rows that one of ours is
//   compared with;
// - `bars`, what is promised: `row`; `kind` and `limit`; `peer`, if it is about two rows; `says`, the promise in words; `held`;
// - `notes`, figures that say more of the rows: `what`, `value`, `unit`, and `level`, how far in they are told;
// - `absent`, peers that are not on this machine: `name`, and `install`, the command that brings them.

const MANY = 20;
const DIGITS = 6;

const sorted = (list) => list.toSorted((a, b) => a - b);

export const median = (list) => sorted(list)[list.length >> 1];

const STATISTICS = { median, least: (list) => Math.min(...list) };

/** Each of the functions once, then each again, and so on: whatever else the machine does comes to all of them. */
export async function interleave(rounds, functions) {
  const values = Object.fromEntries(Object.keys(functions).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(functions)) values[name].push(await measure());
  }
  return values;
}

/** In so many digits as are worth it. */
export function shown(value) {
  if (!Number.isFinite(value)) return '∞';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  if (Math.abs(value) < 0.1) return String(Number(value.toPrecision(2)));
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

export function shownWith(value, unit) {
  return `${shown(value)} ${unit}`.trimEnd();
}

/** How many times as good ours is. */
function ratioOf(ours, theirs, better) {
  if (ours === theirs) return 1;
  return better === 'less' ? theirs / ours : ours / theirs;
}

/** What can be promised of a row: whether it holds, what is said of it, and where the limit is on the axis. */
const KINDS = {
  times: {
    holds: ({ row, peer, limit, better }) => ratioOf(row.value, peer.value, better) >= limit,
    says: ({ peer, limit }) => `at least ${limit === 1 ? '' : `${shown(limit)} × `}as good as ${peer.name}`,
    at: ({ peer, limit, better }) => (better === 'less' ? peer.value / limit : peer.value * limit),
  },
  share: {
    holds: ({ row, peer, limit }) => row.value <= peer.value * limit,
    says: ({ peer, limit }) => `at most ${shown(limit)} times that of ${peer.name}`,
    at: ({ peer, limit }) => peer.value * limit,
  },
  over: {
    holds: ({ row, peer, limit }) => row.value <= peer.value + limit,
    says: ({ peer, limit, unit }) => `at most ${shownWith(limit, unit)} more than ${peer.name}`,
    at: ({ peer, limit }) => peer.value + limit,
  },
  most: {
    holds: ({ row, limit }) => row.value <= limit,
    says: ({ limit, unit }) => `at most ${shownWith(limit, unit)}`,
    at: ({ limit }) => limit,
  },
  least: {
    holds: ({ row, limit }) => row.value >= limit,
    says: ({ limit, unit }) => `at least ${shownWith(limit, unit)}`,
    at: ({ limit }) => limit,
  },
  longest: {
    holds: ({ row, limit }) => row.spread[1] <= limit,
    says: ({ limit, unit }) => `the longest at most ${shownWith(limit, unit)}`,
    at: ({ limit }) => limit,
  },
};

const rounded = (value) => Number(value.toPrecision(DIGITS));

/** @param rest `ours`, `of`, `peers` as in the shape; `install`, the command that brings it */
export function row(name, values, rest = {}) {
  return { name, ours: false, values, ...rest };
}

/** @param values measurements, by the names of their rows; those that begin with our name are ours */
export function rowsOf(values, rest = () => ({})) {
  return Object.entries(values).map(([name, list]) =>
    row(name, list, { ours: name.startsWith('truefork'), ...rest(name) }),
  );
}

function summed({ name, ours, values, of, peers }, statistic, others) {
  const order = sorted(values);
  return {
    name,
    ours,
    value: rounded(STATISTICS[statistic](values)),
    spread: [rounded(order[0]), rounded(order.at(-1))],
    count: values.length,
    ...(values.length <= MANY && { values: values.map(rounded) }),
    ...(of !== undefined && { of: rounded(of) }),
    peers: ours ? (peers ?? others).filter((peer) => others.includes(peer)) : [],
  };
}

/**
 * A group of the shape above. A row without measurements is of a peer that is absent. One of ours has a peer in the same run, or a
 * bar of its own: without, it is left out if its peers are absent, and otherwise refused.
 *
 * @param about `rows` as `row` makes them; `bars`: `row`, `peer`, and one of the kinds with its limit, such as `times: 25`
 */
export function group({ rows, bars = [], notes = [], better, statistic = 'median', unit = '', ...about }) {
  const isThere = ({ values }) => values.length > 0 && !values.includes(undefined);
  const absent = rows.filter((one) => !isThere(one)).map(({ name, install }) => ({ name, install }));
  const there = rows.filter(isThere);
  const others = there.filter(({ ours }) => !ours).map(({ name }) => name);
  const all = there.map((one) => summed(one, statistic, others));
  const named = (name) => all.find((one) => one.name === name);

  const promised = bars
    .filter(({ row, peer }) => named(row) && (peer === undefined || named(peer)))
    .map(({ row, peer, ...rest }) => {
      const [[kind, limit]] = Object.entries(rest);
      const facts = { row: named(row), peer: named(peer), limit, better, unit };
      const { says, holds } = KINDS[kind];
      return { row, ...(peer !== undefined && { peer }), kind, limit, says: says(facts), held: holds(facts) };
    });

  const isJudged = ({ name, ours, peers }) =>
    !ours || peers.length > 0 || promised.some((bar) => bar.row === name && bar.peer === undefined);
  const alone = all.filter((one) => !isJudged(one));
  if (alone.length > 0 && absent.length === 0)
    throw new Error(`${about.name}: "${alone[0].name}" is ours, and has neither a peer in the same run nor a bar`);
  return {
    ...about,
    unit,
    ...(better !== undefined && { better }),
    statistic,
    rows: all.filter(isJudged),
    bars: promised,
    notes: notes.map(({ value, level = 0, unit = '', what }) => ({ what, value: rounded(value), unit, level })),
    absent,
  };
}

/** Each row of ours with each of its peers: `row`, `peer`, and `ratio`, how many times as good ours is. */
export function comparisons({ rows, better }) {
  if (better === undefined) return [];
  return rows.flatMap((one) =>
    one.peers.map((name) => {
      const peer = rows.find((other) => other.name === name);
      return { row: one, peer, ratio: ratioOf(one.value, peer.value, better) };
    }),
  );
}

/** Where the limit of a bar is on the axis of its group. */
export function limitOf({ rows, better }, { kind, limit, peer }) {
  return KINDS[kind].at({ limit, better, peer: rows.find(({ name }) => name === peer) });
}

/** What the measurements of one kind take at most, nine of ten of them. */
export function nineOfTen(list) {
  return sorted(list)[Math.ceil(list.length * 0.9) - 1];
}
