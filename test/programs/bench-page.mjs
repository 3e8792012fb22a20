// The page of benchmarks that stdin describes: a list in JSON, in which each row of a group has its measurements, or of what has been
// measured, if `--measured` says so. Prints { results,
// html, markdown, rendered, pictures }, or fails as bench/result.mjs has it.
import { text } from 'node:stream/consumers';
import { marked } from 'marked';
import { markdownOf } from '../../bench/markdown.mjs';
import { pageOf } from '../../bench/page.mjs';
import { isDrawn, picture } from '../../bench/picture.mjs';
import { group } from '../../bench/result.mjs';

const described = JSON.parse(await text(process.stdin));
const summed = (bench) => ({ ...bench, groups: bench.groups.map(group) });
const results = { benches: process.argv.includes('--measured') ? described : described.map(summed) };
const pictures = results.benches.flatMap(({ groups }) => groups.filter(isDrawn).map(picture));
const markdown = markdownOf(results);
console.log(JSON.stringify({ results, html: pageOf(results), markdown, rendered: marked.parse(markdown), pictures }));
