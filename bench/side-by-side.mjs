// What the benchmarks that have rows have in common: their options, what they print, and when they fail.
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { print, printHead } from './serve/figures.mjs';
import { draw } from './serve/picture.mjs';

/**
 * Measures the rows that are asked for (`--rows a,b`), and prints each figure against its bar. `--json FILE` and `--pictures
 * FOLDER` say where they are written, too. The process fails if a bar is missed, or an option is wrong.
 *
 * @param bench `name`; `rows`: what measures each, and answers its figures and pictures; `numbers`: the options that are whole
 * numbers, with what they are if they are not given; `remark`: what is said beside the machine; `missing`: answers what has to
 * be installed, in a sentence, if anything; `stopAll`: ends all that was started
 */
export async function measure({ name: title, rows, numbers, remark = '', missing = () => undefined, stopAll }) {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(Object.keys(numbers).map((name) => [name, { type: 'string' }])),
      rows: { type: 'string', default: Object.keys(rows).join() },
      json: { type: 'string' },
      pictures: { type: 'string' },
    },
  });
  const options = Object.fromEntries(
    Object.entries(numbers).map(([name, untold]) => [name, values[name] === undefined ? untold : Number(values[name])]),
  );
  const wanted = values.rows.split(',');
  const wrong = Object.entries(options).filter(
    ([, value]) => value !== undefined && !(Number.isInteger(value) && value >= 1),
  );
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

  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void stopAll().finally(() => process.exit(1)));
  }

  const [{ model }] = cpus();
  const machine = `${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}`;
  console.log(`${title}: ${machine}${remark}`);
  printHead();
  const results = [];
  try {
    for (const name of wanted) {
      const { figures, pictures } = await rows[name](options);
      print(figures);
      results.push(...figures.map((figure) => ({ row: name, ...figure })));
      if (values.pictures !== undefined) for (const picture of pictures) draw(values.pictures, picture);
      if (values.json !== undefined)
        writeFileSync(values.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
    }
  } finally {
    await stopAll();
  }

  const barred = results.filter(({ held }) => held !== undefined);
  const missed = barred.filter(({ held }) => !held);
  console.log(`${barred.length - missed.length} of ${barred.length} bars are held`);
  if (missed.length > 0) process.exitCode = 1;
}
