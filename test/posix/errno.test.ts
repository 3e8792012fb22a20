import { execFileSync } from 'node:child_process';
import { errno, errnoNames, strerror, type ErrnoName } from 'truefork/posix';

/** The names and numbers of this system's <errno.h>, as the preprocessor has them. */
function header(): Map<string, number> {
  const options = { input: '#include <errno.h>\n', encoding: 'utf8' } as const;
  const macros = execFileSync(process.env['CXX'] ?? 'g++', ['-E', '-dM', '-x', 'c++', '-'], options);
  const values = new Map(
    [...macros.matchAll(/^#define (E[A-Z0-9]+) (\w+)$/gm)].map(([, name, value]) => [name, value]),
  );
  const resolve = (value: string | undefined): number => {
    const number = Number(value);
    return Number.isNaN(number) ? resolve(values.get(value)) : number;
  };
  return new Map([...values].map(([name = '', value]) => [name, resolve(value)]));
}

test('the table is that of <errno.h>', () => {
  const expected = header();
  expect(expected.size).toBeGreaterThan(130);
  expect(new Map(Object.entries(errno))).toEqual(expected);
  expect(new Set<string>(errnoNames)).toEqual(new Set(expected.keys()));
});

test('no name is there twice, and second names come last', () => {
  expect(new Set(errnoNames).size).toBe(errnoNames.length);
  const numbers = errnoNames.map((name) => errno[name]);
  const first = numbers.filter((number, index) => numbers.indexOf(number) === index);
  expect(first).toEqual([...first].sort((a, b) => a - b));
  expect(numbers.slice(0, first.length)).toEqual(first);
  const second: ErrnoName[] = ['EDEADLOCK', 'ENOTSUP', 'EWOULDBLOCK'];
  expect(errnoNames.slice(first.length)).toEqual(second);
});

test('every errno has a text, in small letters where it is no abbreviation', () => {
  for (const name of errnoNames) expect(strerror(errno[name])).toMatch(/^[a-z.]|^RFS |^\.lib/);
  expect(strerror(errno.ECHILD)).toBe('no child processes');
  expect(strerror(errno.EDOTDOT)).toBe('RFS specific error');
  expect(strerror(errno.EAGAIN)).toBe('resource temporarily unavailable');
});

test('a number that is no errno has a text that says so', () => {
  for (const number of [0, 41, 4242, -10]) expect(strerror(number)).toBe(`unknown error ${number}`);
});

test('the texts are the same in every locale', () => {
  const script = 'process.stdout.write(require("truefork").strerror(2))';
  const env = { ...process.env, LC_ALL: 'de_DE.UTF-8', LANGUAGE: 'de' };
  expect(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' })).toBe('no such file or directory');
});
