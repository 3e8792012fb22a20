// The page of benchmarks that stdin describes: a list in JSON, in which each row of a group has its measurements. Prints { results,
// html, pictures }, or fails as bench/result.mjs has it.
import { text } from 'node:stream/consumers';
import { pageOf } from '../../bench/page.mjs';
import { isDrawn, picture } from '../../bench/picture.mjs';
import { group } from '../../bench/result.mjs';

const described = JSON.parse(await text(process.stdin));
const results = { benches: described.map((bench) => ({ ...bench, groups: bench.groups.map(group) })) };
const pictures = results.benches.flatMap(({ groups }) => groups.filter(isDrawn).map(picture));
console.log(JSON.stringify({ results, html: pageOf(results), pictures }));
