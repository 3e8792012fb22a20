// The same as the page, for readers that show Markdown and no HTML: docs/benchmarks.md.
import { comparisons, shown, shownWith } from './result.mjs';
import { heldOf, measuredAs, statisticOf, timesOf } from './table.mjs';
import * as told from './told.mjs';

// What Markdown would take for its own.
const plain = (text) => text.replace(/[\\`*_[\]<>|#~]/g, String.raw`\$&`);
const strong = (text) => `**${text}**`;
const list = (items) => items.map((item) => `- ${item}`).join('\n');
const code = (text) => `\`${text}\``;

const cells = (texts) => `| ${texts.join(' | ')} |`;

function table(head, alignment, rows) {
  return [head, alignment, ...rows].map(cells).join('\n');
}

const facts = (pairs) => list(pairs.map(([name, value]) => `${name}: ${plain(String(value))}`));

/** A row against its peers, and its bars. */
function against({ bars }, row, pairs) {
  const ratios = pairs
    .filter((pair) => pair.row === row)
    .map(({ peer, ratio }) => `${shown(ratio)} × as good as ${plain(peer.name)}`);
  const verdicts = bars
    .filter((bar) => bar.row === row.name)
    .map((bar) => `${plain(bar.says)}: ${bar.held ? heldOf(bar) : strong(heldOf(bar))}`);
  return [...ratios, ...verdicts].join('<br>');
}

function rowOf(group, row, pairs) {
  const { name, ours, value, spread, count, of } = row;
  const whole = of === undefined ? '' : ` of ${shown(of)}`;
  return [
    ours ? strong(plain(name)) : plain(name),
    `${shownWith(value, group.unit)}${whole}`,
    count === 1 ? '' : spread.map(shown).join(' … '),
    timesOf(count),
    ours ? against(group, row, pairs) : '',
  ];
}

function groupOf(group) {
  const pairs = comparisons(group);
  const notes = group.notes.map(
    ({ what, value, unit, level }) => `${'  '.repeat(level)}- ${plain(what)}: ${shownWith(value, unit)}`,
  );
  const absent = group.absent.map(({ name, install }) => `${plain(name)} was not there; ${code(install)} brings it.`);
  return [
    `### ${plain(group.title)}`,
    `${plain(group.about)} (${plain(measuredAs(group))})`,
    table(
      ['', statisticOf(group) ?? 'value', 'least … most', 'measured', 'ours, against the others and the bars'],
      ['---', '--:', '--:', '--:', '---'],
      group.rows.map((row) => rowOf(group, row, pairs)),
    ),
    notes.join('\n'),
    ...absent,
  ];
}

function failureOf({ ended, tail }) {
  return [
    strong(`It failed (${plain(ended)}); what follows is what it had measured until then.`),
    tail.replace(/^/gm, '    '),
  ];
}

function benchOf(bench, sharesMachine) {
  const { name, title, about, command, quick, groups, failure } = bench;
  return [
    `<a id="${name}"></a>`,
    `## ${plain(title)}`,
    `${plain(about)} ${code(command)}`,
    quick ? strong(told.QUICK) : '',
    told.isNoisy(bench) ? strong(told.noiseOf(bench)) : '',
    ...(failure ? failureOf(failure) : []),
    ...groups.flatMap(groupOf),
    facts(told.factsOf(bench, sharesMachine)),
  ];
}

function behindOf(benches) {
  const { missed, behind } = told.behindIn(benches);
  const items = (sentences) => list(sentences.map(plain));
  return [
    '## Where others are ahead',
    told.ABOUT_BEHIND,
    '### Bars that are not held',
    missed.length > 0 ? items(missed) : 'None.',
    '### Rows in which ours is behind',
    ...(behind.length > 0
      ? behind.flatMap(({ title, sentences }) => [`#### ${plain(title)}`, items(sentences)])
      : ['None.']),
  ];
}

/** @param results `benches`, each as bench/run.mjs has it */
export function markdownOf({ benches }) {
  const { held, ahead, behind } = told.sumsOf(benches);
  const sharesMachine = told.shareMachine(benches);
  const blocks = [
    '# truefork, measured',
    `${told.ABOUT} The same with pictures and with each measurement: [benchmarks.html](benchmarks.html).`,
    list([
      `${strong(held)} bars are held`,
      `${strong(ahead)} comparisons have ours ahead`,
      `${strong(behind)} [have others ahead](#where-others-are-ahead)`,
    ]),
    list(benches.map(({ name, title }) => `[${plain(title)}](#${name})`)),
    ...behindOf(benches),
    '## On what, and how to repeat it',
    facts(told.commonFacts(benches)),
    list(told.commands(benches).map(([command, does]) => `${code(command)}: ${does}`)),
    ...benches.flatMap((bench) => benchOf(bench, sharesMachine)),
  ];
  return `${blocks.filter(Boolean).join('\n\n')}\n`;
}
