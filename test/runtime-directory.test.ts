// The directory of this user for what processes keep while they run: where it is not this user's alone, it is not used.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { families } from 'truefork/prefork';

const before = process.env['XDG_RUNTIME_DIR'];
let base: string;
let directory: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'truefork-runtime-'));
  directory = join(base, 'truefork');
  process.env['XDG_RUNTIME_DIR'] = base;
});

afterEach(() => {
  rmSync(base, { recursive: true });
  if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
  else process.env['XDG_RUNTIME_DIR'] = before;
});

const unsafe = expect.objectContaining({ code: 'ERR_UNSAFE_DIRECTORY' }) as Error;

test('it is made with mode 0700', () => {
  expect(families()).toEqual([]);
  for (const path of [directory, join(directory, 'families')]) expect(statSync(path).mode & 0o777).toBe(0o700);
});

test.each([0o750, 0o701, 0o777])('with mode %o it is refused', (mode) => {
  mkdirSync(directory);
  chmodSync(directory, mode);
  expect(() => families()).toThrow(unsafe);
});

test('a link to a directory is refused', () => {
  mkdirSync(join(base, 'elsewhere'), { mode: 0o700 });
  symlinkSync('elsewhere', directory);
  expect(() => families()).toThrow(unsafe);
});

// Of a user whose session has ended, say: what is made there by another, root, keeps the next session from its own.
test('where there is no place for it, none is made', () => {
  process.env['XDG_RUNTIME_DIR'] = join(base, 'gone');
  const missing = { code: 'ENOENT', path: join(base, 'gone', 'truefork') };
  expect(() => families()).toThrow(expect.objectContaining(missing) as Error);
  expect(existsSync(join(base, 'gone'))).toBe(false);
});
