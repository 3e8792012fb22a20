// What docs/prefork.md says of signals is what the table in the code says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { signalTable } from 'truefork/prefork';

test('the guide has the table of signals', () => {
  const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'prefork.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| `(SIG\w+)` *\| (.+?) *\|$/gm)].map(([, signal, text]) => [signal, text]);
  expect(rows).toEqual(Object.entries(signalTable).map(([signal, { help }]) => [signal, help]));
});
