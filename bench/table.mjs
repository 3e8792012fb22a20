// Groups as a table on the terminal.
import { comparisons, shown, shownWith } from './result.mjs';

const NAME = 58;
const VALUE = 16;

const line = (name, value, rest = '') => `    ${name.padEnd(NAME)}${value.padStart(VALUE)}  ${rest}`.trimEnd();

/** What a row's value is of its measurements; undefined where there is one of each. */
export function statisticOf({ rows, statistic }) {
  return rows.some(({ count }) => count > 1) ? statistic : undefined;
}

/** The unit, which is better, and what a row's value is. */
export function measuredAs(group) {
  const { unit, better } = group;
  const statistic = statisticOf(group);
  return [unit, better && `${better} is better`, statistic && `the ${statistic} of each`].filter(Boolean).join(', ');
}

export function timesOf(count) {
  return count === 1 ? 'once' : `${shown(count)} times`;
}

/** The least and the most of how many measurements. */
function spreadOf({ spread: [least, most], count }) {
  return [...(count === 1 ? [] : [`${shown(least)} … ${shown(most)}`]), timesOf(count)].join(', ');
}

export function heldOf({ held }) {
  return held ? 'held' : 'MISSED';
}

function* linesOf(group) {
  yield `\n  ${group.title}`;
  yield `  ${group.about} ${measuredAs(group)}`;
  const pairs = comparisons(group);
  for (const row of group.rows) {
    const whole = row.of === undefined ? '' : `of ${shownWith(row.of, group.unit)}; `;
    yield line(row.name, shownWith(row.value, group.unit), `${whole}${spreadOf(row)}`);
    for (const { peer, ratio } of pairs.filter((pair) => pair.row === row))
      yield line(`  against ${peer.name}`, `${shown(ratio)} ×`);
    for (const bar of group.bars.filter((one) => one.row === row.name)) yield line(`  ${bar.says}`, heldOf(bar));
  }
  for (const { what, value, unit, level } of group.notes)
    yield line(`${'  '.repeat(level + 1)}${what}`, shownWith(value, unit));
  for (const { name, install } of group.absent) yield line(name, 'absent', `install it with: ${install}`);
}

export function print(groups) {
  for (const group of groups) console.log([...linesOf(group)].join('\n'));
}
