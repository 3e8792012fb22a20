// The page: what the benchmarks have found, how and where, and what others do better. One file that needs no other, no network and no
// scripts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { othersAhead } from './behind.mjs';
import { escaped, isDrawn, plot, STYLE } from './picture.mjs';
import { comparisons, shown, shownWith } from './result.mjs';
import { heldOf, measuredAs, statisticOf, timesOf } from './table.mjs';

const css = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8');

// From here on others are told of, as a part of all processors' time.
const NOISE = 0.05;
const STEAL = 0.02;

const percent = (part) => `${(part * 100).toFixed(1)}\u00a0%`;
const dated = (date) => `${date.slice(0, 10)} ${date.slice(11, 16)} UTC`;
const isNoisy = ({ load }) => load.others >= NOISE || load.stolen >= STEAL;

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

const loads = (averages) => averages.map((average) => average.toFixed(2)).join(', ');

function machineFacts({ processors, model, memory, kernel, distribution, glibc }) {
  return [
    ['processors', `${processors} × ${model}`],
    ['memory', memory],
    ['system', `${distribution}, ${kernel}, glibc ${glibc}`],
  ];
}

function noiseOf({ load: { others, stolen } }) {
  return `Meanwhile others used ${percent(others)} of the processors, and ${percent(stolen)} were given to other machines of the same host.`;
}

function benchOf(bench, sharesMachine) {
  const { name, title, about, command, quick, date, seconds, machine, versions, load, groups, failure } = bench;
  const how = [
    ['began', dated(date)],
    ['took', `${shown(seconds)} s`],
    ...(sharesMachine ? [] : machineFacts(machine)),
    ['load before', loads(load.before)],
    ['load after', loads(load.after)],
    ['others meanwhile', `${percent(load.others)} of the processors, ${percent(load.stolen)} stolen by the host`],
    [
      'versions',
      Object.entries(versions)
        .map((pair) => pair.join(' '))
        .join('; '),
    ],
  ];
  return `<section id="${name}">
<h2>${escaped(title)}</h2>
<p>${escaped(about)}</p>
${quick ? '<p class="quick">QUICK: not figures</p>' : ''}
${isNoisy(bench) ? `<p class="notice">The machine was not quiet. ${noiseOf(bench)}</p>` : ''}
${failure ? `<p class="notice"><span class="missed">It failed</span> (${escaped(failure.ended)}); what follows is what it had measured until then.</p><pre>${escaped(failure.tail)}</pre>` : ''}
<pre><code>${escaped(command)}</code></pre>
<details><summary>When, and with what</summary>${facts(how)}</details>
${groups.map(groupOf).join('\n')}
</section>`;
}

/** Each bar that is not held, and each row in which a peer is better, by benchmark. */
function behindOf(benches) {
  const all = benches.map(({ title, groups, failure }) => {
    const ahead = groups.map(othersAhead);
    return {
      title,
      missed: ahead.flatMap(({ missed }) => missed),
      behind: ahead.flatMap(({ behind }) => behind),
      failed: failure ? [`${title}: it failed (${failure.ended}): what it would have measured is not known.`] : [],
    };
  });
  const missed = all.flatMap((one) => [...one.failed, ...one.missed]);
  const items = (sentences) => list(sentences.map(escaped), ' class="behind"');
  const behind = all.filter((one) => one.behind.length > 0);
  return `<section id="behind">
<h2>Where others are ahead</h2>
<p>Drawn from the results: each bar that is not held, and each row in which what ours is compared with is better.</p>
<h3>Bars that are not held</h3>
${missed.length > 0 ? items(missed) : '<p>None.</p>'}
<h3>Rows in which ours is behind</h3>
${behind.length > 0 ? behind.map((one) => `<h4>${escaped(one.title)}</h4>${items(one.behind)}`).join('\n') : '<p>None.</p>'}
</section>`;
}

function sumsOf(benches) {
  const groups = benches.flatMap((bench) => bench.groups);
  const bars = groups.flatMap((group) => group.bars);
  const ratios = groups.flatMap(comparisons).map(({ ratio }) => ratio);
  const sum = (number, text) => `<strong>${number}</strong> ${text}`;
  const held = bars.filter((bar) => bar.held).length;
  const ahead = ratios.filter((ratio) => ratio > 1).length;
  const behind = ratios.filter((ratio) => ratio < 1).length;
  return list(
    [
      sum(`${held} of ${bars.length}`, 'bars are held'),
      sum(`${ahead} of ${ratios.length}`, 'comparisons have ours ahead'),
      sum(`${behind}`, '<a href="#behind">have others ahead</a>'),
    ],
    ' class="sums"',
  );
}

function onWhat(benches, sharesMachine) {
  const [{ machine }] = benches;
  const dates = benches.map(({ date }) => date).sort();
  const span = dates.at(-1) === dates[0] ? dated(dates[0]) : `${dated(dates[0])} to ${dated(dates.at(-1))}`;
  const versions = Object.assign({}, ...benches.map((bench) => bench.versions));
  const where = sharesMachine
    ? [
        ...machineFacts(machine),
        [
          'versions',
          Object.entries(versions)
            .map((pair) => pair.join(' '))
            .join('; '),
        ],
      ]
    : [['machines', 'not one for all: each benchmark tells its own, and its versions']];
  return `<section id="machine">
<h2>On what, and how to repeat it</h2>
${facts([['begun', span], ...where])}
<pre><code>npm ci
npm run bench                            # all, one after the other; writes docs/benchmarks.html and docs/benchmarks.json
npm run bench -- --out docs ${benches
    .map(({ name }) => name)
    .slice(0, 2)
    .join(' ')}   # renews some of them there
npm run bench -- --quick                 # few measurements, to try that they can be made</code></pre>
</section>`;
}

/** @param results `benches`, each as bench/run.mjs has it */
export function pageOf({ benches }) {
  const sharesMachine = new Set(benches.map(({ machine }) => JSON.stringify(machine))).size === 1;
  const noisy = benches.filter(isNoisy);
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
${benches.some(({ quick }) => quick) ? '<p class="quick">QUICK: few measurements, made to try that they can be made. These are not figures.</p>' : ''}
<header>
<h1>truefork, measured</h1>
<p>Each figure beside those of others, or of the same thing without ours, from the same run on the same machine; or beside what is promised of it, its bar. A bar to the value; a dot for each measurement, or a line from the least to the most, and an arrow where some are beyond the edge; an upright mark where a bar is.</p>
${sumsOf(benches)}
${noisy.length > 0 ? `<p class="notice">The machine was not quiet during: ${noisy.map(({ title }) => escaped(title)).join(', ')}. Each says what others used.</p>` : ''}
<nav>${list(links.map(([id, title]) => `<a href="#${id}">${escaped(title)}</a>`))}</nav>
</header>
<main>
${behindOf(benches)}
${onWhat(benches, sharesMachine)}
${benches.map((bench) => benchOf(bench, sharesMachine)).join('\n')}
</main>
</body>
</html>
`;
}
