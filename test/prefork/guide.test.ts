// What docs/prefork.md says in its tables is what the tables in the code say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPreforkOption, settingNames, settingTable, signalTable, type SettingRow } from 'truefork/prefork';
import { truefork } from '../cli/truefork';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'prefork.md'), 'utf8');

/** The cells of the rows that have such a first cell. */
function rowsOf(first: RegExp): string[][] {
  return guide
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
    .filter(([cell = '']) => first.test(cell));
}

test('the guide has the table of signals', () => {
  expect(rowsOf(/^`SIG\w+`$/)).toEqual(
    Object.entries(signalTable).map(([signal, { help }]) => [`\`${signal}\``, help]),
  );
});

function values(row: SettingRow): string {
  if (!('least' in row)) return row.type;
  return `${row.type}, ${row.least} ${row.most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${row.most}`}`;
}

test('the guide has the table of settings, and its flags and defaults are those of the help', async () => {
  const { stdout } = await truefork(['serve', '--help']);
  const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)(?: \S+)? {2,}(.*)$/gm)].map(([, flag, help]) => [
    flag,
    help,
  ]);
  const rows = settingNames.map((name) => {
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const help = flags.find(([other]) => other === flag)?.[1] ?? settingTable[name].help;
    const [, what, untold = ''] = /^(.*?)(?: Default: (.*)\.)?$/.exec(help) ?? [];
    const cells = [`\`${name}\``, name === 'application' ? '`FILE`' : `\`${flag}\``];
    return [...cells, isPreforkOption(name) ? 'yes' : '', values(settingTable[name]), untold, what];
  });
  expect(rowsOf(/^`(?!SIG|ERR|truefork_)[a-z]\w+`$/)).toEqual(rows);
});

test('the guide has the table of exit codes', async () => {
  const { stdout } = await truefork(['serve', '--help']);
  const [, table = ''] = stdout.split('\nExit codes:\n');
  const codes = [...table.matchAll(/^ {2}(\d+) +(.*)$/gm)].map(([, code, help]) => [code, help]);
  expect(codes.length).toBeGreaterThan(10);
  expect(rowsOf(/^\d+$/)).toEqual(codes);
});
