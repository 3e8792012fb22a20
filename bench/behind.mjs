// Where others are ahead, in plain sentences: each bar that is not held, and each row that a peer is better in.
import { comparisons, shown, shownWith } from './result.mjs';

const PERCENT = 100;

/** How much more the greater is. */
function moreBy(factor) {
  if (!Number.isFinite(factor)) return 'the other has none';
  if (factor >= 2) return `${shown(factor)} times as much`;
  const percent = (factor - 1) * PERCENT;
  return percent < 0.1 ? 'less than 0.1 % more' : `${shown(percent)} % more`;
}

function overlap(row, peer) {
  return row.count > 1 && peer.count > 1 && row.spread[0] <= peer.spread[1] && peer.spread[0] <= row.spread[1];
}

function behind({ title, unit, better }, { row, peer, ratio }) {
  const which = better === 'less' ? 'ours is' : 'theirs is';
  const apart = overlap(row, peer) ? '; the measurements overlap' : '';
  const values = `${peer.name} has ${shownWith(peer.value, unit)}, ${row.name} ${shownWith(row.value, unit)}`;
  return `${title}: ${values}: ${which} ${moreBy(1 / ratio)}${apart}.`;
}

function missed({ title, unit, rows }, { row: name, peer: other, kind, says }) {
  const [row, peer] = [name, other].map((one) => rows.find((candidate) => candidate.name === one));
  const value = shownWith(kind === 'longest' ? row.spread[1] : row.value, unit);
  const beside = peer ? `, where ${peer.name} has ${shownWith(peer.value, unit)}` : '';
  return `${title}: promised of ${name}: ${says}; it has ${value}${beside}.`;
}

/** The sentences of one group, as two lists. */
export function othersAhead(group) {
  return {
    missed: group.bars.filter(({ held }) => !held).map((bar) => missed(group, bar)),
    behind: comparisons(group)
      .filter(({ ratio }) => ratio < 1)
      .map((pair) => behind(group, pair)),
  };
}
