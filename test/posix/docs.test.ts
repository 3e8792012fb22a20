// docs/posix.md has a row for each call, and none for what does not exist.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as posix from 'truefork/posix';
import * as truefork from 'truefork';

const text = readFileSync(join(__dirname, '..', '..', 'docs', 'posix.md'), 'utf8');
const cells = text.split('\n').flatMap((line) => /^\| (`.*?) \|/.exec(line)?.[1] ?? []);
const named = cells.flatMap((cell) => Array.from(cell.matchAll(/`(?:new )?(\w+)/g), ([, name = '']) => name));

test('every call of truefork/posix has a row in docs/posix.md', () => {
  const isError = (value: unknown) => typeof value === 'function' && value.prototype instanceof Error;
  const calls = Object.entries(posix).filter(([, value]) => typeof value === 'function' && !isError(value));
  expect(calls.length).toBeGreaterThan(200);
  expect(calls.map(([name]) => name).filter((name) => !named.includes(name))).toEqual([]);
});

test('what docs/posix.md has a row for exists', () => {
  expect(named.filter((name) => !(name in posix) && !(name in truefork))).toEqual([]);
});
