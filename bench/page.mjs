// The page: what the benchmarks have found, how and where, and what others do better. One file that needs no other, no network and no
// scripts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escaped, isDrawn, plot, STYLE } from './picture.mjs';
import { comparisons, shown, shownWith } from './result.mjs';
import { heldOf, measuredAs, statisticOf, timesOf } from './table.mjs';
import * as told from './told.mjs';

const css = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8');

const element = (name, content) => `<${name}>${content}</${name}>`;
const list = (items, attributes = '') => `<ul${attributes}>${items.map((item) => element('li', item)).join('\n')}</ul>`;
const facts = (pairs) =>
  element('dl', pairs.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(String(value))}</dd>`).join('\n'));

function verdict(bar) {
  return `${escaped(bar.says)}: <span class="${bar.held ? 'held' : 'missed'}">${heldOf(bar)}</span>`;
}

/** A row against its peers, and its bars. */
function against(group, row, pairs) {
  const ratios = pairs
    .filter((pair) => pair.row === row)
    .map(({ peer, ratio }) => {
      const text = `${shown(ratio)} × as good as ${escaped(peer.name)}`;
      return ratio < 1 ? `<span class="less">${text}</span>` : text;
    });
  return list([...ratios, ...group.bars.filter((bar) => bar.row === row.name).map(verdict)]);
}

function rowOf(group, row, pairs) {
  const { name, ours, value, spread, count, of } = row;
  const whole = of === undefined ? '' : ` <span class="of">of ${shown(of)}</span>`;
  const judged = ours && (row.peers.length > 0 || group.bars.some((bar) => bar.row === name));
  return `<tr${ours ? ' class="mine"' : ''}>
<th scope="row">${escaped(name)}</th>
<td class="number">${shownWith(value, group.unit)}${whole}</td>
<td class="number">${count === 1 ? '' : spread.map(shown).join(' … ')}</td>
<td class="number">${timesOf(count)}</td>
<td>${judged ? against(group, row, pairs) : ''}</td>
</tr>`;
}

function notesOf({ notes }) {
  if (notes.length === 0) return '';
  const lines = notes.map(
    ({ what, value, unit, level }) =>
      `<tr class="level${level}"><th scope="row">${escaped(what)}</th><td class="number">${shownWith(value, unit)}</td></tr>`,
  );
  return `<div class="wide"><table class="notes"><tbody>${lines.join('\n')}</tbody></table></div>`;
}

/** Each measurement, where they are few. */
function measurementsOf({ rows, unit }) {
  const many = rows.filter(({ values }) => values !== undefined && values.length > 1);
  if (many.length === 0) return '';
  const pairs = many.map(({ name, values }) => [name, `${values.map(shown).join(', ')} ${unit}`.trimEnd()]);
  return `<details><summary>Each measurement</summary>${facts(pairs)}</details>`;
}

function groupOf(group) {
  const pairs = comparisons(group);
  const absent = group.absent.map(
    ({ name, install }) => `${escaped(name)} was not there; <code>${escaped(install)}</code> brings it.`,
  );
  return `<h3>${escaped(group.title)}</h3>
<p>${escaped(group.about)} <span class="soft">${escaped(measuredAs(group))}</span></p>
${isDrawn(group) ? `<figure>${plot(group)}</figure>` : ''}
<div class="wide"><table class="rows">
<thead><tr><th></th><th class="number">${statisticOf(group) ?? 'value'}</th><th class="number">least … most</th><th class="number">measured</th><th>ours, against the others and the bars</th></tr></thead>
<tbody>${group.rows.map((row) => rowOf(group, row, pairs)).join('\n')}</tbody>
</table></div>
${notesOf(group)}
${measurementsOf(group)}
${absent.map((text) => `<p class="notice">${text}</p>`).join('\n')}`;
}

function benchOf(bench, sharesMachine) {
  const { name, title, about, command, quick, groups, failure } = bench;
  return `<section id="${name}">
<h2>${escaped(title)}</h2>
<p>${escaped(about)}</p>
${quick ? '<p class="quick">QUICK: not figures</p>' : ''}
${told.isNoisy(bench) ? `<p class="notice">${told.noiseOf(bench)}</p>` : ''}
${failure ? `<p class="notice"><span class="missed">It failed</span> (${escaped(failure.ended)}); what follows is what it had measured until then.</p><pre>${escaped(failure.tail)}</pre>` : ''}
<pre><code>${escaped(command)}</code></pre>
<details><summary>When, and with what</summary>${facts(told.factsOf(bench, sharesMachine))}</details>
${groups.map(groupOf).join('\n')}
</section>`;
}

function behindOf(benches) {
  const { missed, behind } = told.behindIn(benches);
  const items = (sentences) => list(sentences.map(escaped), ' class="behind"');
  return `<section id="behind">
<h2>Where others are ahead</h2>
<p>${told.ABOUT_BEHIND}</p>
<h3>Bars that are not held</h3>
${missed.length > 0 ? items(missed) : '<p>None.</p>'}
<h3>Rows in which ours is behind</h3>
${behind.length > 0 ? behind.map(({ title, sentences }) => `<h4>${escaped(title)}</h4>${items(sentences)}`).join('\n') : '<p>None.</p>'}
</section>`;
}

function sumsOf(benches) {
  const { held, ahead, behind } = told.sumsOf(benches);
  const sum = (number, text) => `<strong>${number}</strong> ${text}`;
  return list(
    [
      sum(held, 'bars are held'),
      sum(ahead, 'comparisons have ours ahead'),
      sum(behind, '<a href="#behind">have others ahead</a>'),
    ],
    ' class="sums"',
  );
}

function onWhat(benches) {
  const commands = told.commands(benches);
  const width = Math.max(...commands.map(([command]) => command.length));
  const lines = commands.map(([command, does]) => `${command.padEnd(width)}  # ${does}`);
  return `<section id="machine">
<h2>On what, and how to repeat it</h2>
${facts(told.commonFacts(benches))}
<pre><code>npm ci
${lines.join('\n')}</code></pre>
</section>`;
}

/** @param results `benches`, each as bench/run.mjs has it */
export function pageOf({ benches }) {
  const sharesMachine = told.shareMachine(benches);
  const noisy = benches.filter(told.isNoisy);
  const links = [
    ['behind', 'Where others are ahead'],
    ['machine', 'On what'],
    ...benches.map(({ name, title }) => [name, title]),
  ];
  return `<!doctype html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>truefork, measured</title>
<style>
${css}${STYLE}
</style>
</head>
<body>
${benches.some(({ quick }) => quick) ? `<p class="quick">${told.QUICK}</p>` : ''}
<header>
<h1>truefork, measured</h1>
<p>${told.ABOUT} A bar to the value; a dot for each measurement, or a line from the least to the most, and an arrow where some are beyond the edge; an upright mark where a bar is.</p>
${sumsOf(benches)}
${noisy.length > 0 ? `<p class="notice">The machine was not quiet during: ${noisy.map(({ title }) => escaped(title)).join(', ')}. Each says what others used.</p>` : ''}
<nav>${list(links.map(([id, title]) => `<a href="#${id}">${escaped(title)}</a>`))}</nav>
</header>
<main>
${behindOf(benches)}
${onWhat(benches)}
${benches.map((bench) => benchOf(bench, sharesMachine)).join('\n')}
</main>
</body>
</html>
`;
}
