// Makes docs/names.md of the declarations in dist: every public name, with what belongs to it.
//
//   npm run names            writes it
//   npm run names -- --json  prints what it is made of, and writes nothing
//   npm run names -- --print prints it, and writes nothing
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelOf, writtenCodes } from './names/model.mjs';
import { pageOf } from './names/page.mjs';

const path = join(import.meta.dirname, '..', 'docs', 'names.md');
const entries = modelOf();
const codes = writtenCodes();

if (process.argv.includes('--json')) {
  process.stdout.write(JSON.stringify({ entries, codes }));
} else {
  const page = pageOf(entries, codes);
  if (process.argv.includes('--print')) process.stdout.write(page);
  else writeFileSync(path, page);
}
