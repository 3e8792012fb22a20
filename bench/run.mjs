// `npm run bench -- NAME`: runs bench/NAME.mjs. Without a name, all of them. Options that follow are the benchmark's.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const benches = readdirSync(here)
  .filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')
  .map((file) => file.slice(0, -'.mjs'.length));

const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => word.startsWith('-'));
const options = firstOption < 0 ? [] : words.splice(firstOption);
const wanted = words.length > 0 ? words : benches;
const unknown = wanted.filter((name) => !benches.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(', ')}; there are: ${benches.join(', ')}`);
  process.exit(2);
}
for (const name of wanted) {
  const { status } = spawnSync(process.execPath, [join(here, `${name}.mjs`), ...options], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
