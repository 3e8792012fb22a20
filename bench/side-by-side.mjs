// What all benchmarks have in common: their options, what they print and write, and when they fail.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machine } from './machine.mjs';
import { print } from './table.mjs';

// Of measurements that are there to try that they can be made.
const FEW = 2;

/**
 * Measures the rows that are asked for (`--rows a,b`), and prints each figure against its peers and bars. `--quick`: few
 * measurements, to try that they can be made. `--json FILE`: where the result is written, after each row. The process fails if
 * a bar is missed, or an option is wrong.
 *
 * @param bench `name`, `title`; `about`: what is compared, in a sentence or two; `rows`: what measures each, and answers its
 * groups; `numbers`: the options that are whole numbers, each with what it is `untold`, and if `quick`; `versions`: the names of
 * those it is run against, as in machine.mjs; `missing`: answers what has to be installed, in a sentence, if anything;
 * `stopAll`: ends all that was started; absent if nothing is, but programs that are waited for
 *
 * A row is called with the numbers; `quick`; and `times`, which answers how often to measure what is worth so many times.
 */
export async function measure({ rows, numbers = {}, missing = () => undefined, stopAll, ...about }) {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: 'string' }])),
      rows: { type: 'string', default: Object.keys(rows).join() },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  const { quick } = values;
  const told = Object.entries(numbers).map(([name, { untold, quick: few }]) => {
    const otherwise = quick ? few : untold;
    return [name, values[name] === undefined ? otherwise : Number(values[name])];
  });
  const wanted = values.rows.split(',');
  const wrong = told.filter(([, value]) => value !== undefined && !(Number.isInteger(value) && value >= 1));
  const unknown = wanted.filter((name) => !Object.hasOwn(rows, name));
  for (const [name] of wrong) console.error(`--${name} is a whole number, 1 or more`);
  if (unknown.length > 0)
    console.error(`there is no row ${unknown.join(', ')}; there are: ${Object.keys(rows).join(', ')}`);
  if (wrong.length > 0 || unknown.length > 0) process.exit(2);
  const install = missing();
  if (install !== undefined) {
    console.error(install);
    process.exit(2);
  }

  for (const signal of stopAll ? ['SIGINT', 'SIGTERM'] : []) {
    process.once(signal, () => void stopAll().finally(() => process.exit(1)));
  }

  const { processors, model, memory } = machine();
  console.log(`${about.name}: ${processors} × ${model}, ${memory}, Node.js ${process.version}`);
  const options = {
    ...Object.fromEntries(told),
    quick,
    times: (count) => (quick ? Math.min(count, FEW) : count),
  };
  const groups = [];
  const write = (complete) => {
    if (values.json !== undefined)
      writeFileSync(values.json, `${JSON.stringify({ ...about, groups, complete }, undefined, 2)}\n`);
  };
  write(false);
  try {
    for (const name of wanted) {
      const measured = await rows[name](options);
      print(measured);
      groups.push(...measured);
      write(false);
    }
  } finally {
    await stopAll?.();
  }
  write(true);

  const bars = groups.flatMap((group) => group.bars);
  const missed = bars.filter(({ held }) => !held);
  console.log(`\n${about.name}: ${bars.length - missed.length} of ${bars.length} bars are held\n`);
  if (missed.length > 0) process.exitCode = 1;
}
