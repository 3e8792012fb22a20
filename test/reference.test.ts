// The reference is whole: each exported thing has its words there, and its own page.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

const root = join(__dirname, '..');
const script = join(root, 'scripts', 'reference.mjs');
const { exports: faces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };

const folder = mkdtempSync(join(tmpdir(), 'truefork-reference-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function make(cwd: string, out: string): Promise<{ code: number; output: string }> {
  const made = promisify(execFile)(process.execPath, [script, out], { cwd });
  const { code, stdout, stderr } = await made.then(
    (ended) => ({ code: 0, ...ended }),
    (error: unknown) => error as { code: number; stdout: string; stderr: string },
  );
  return { code, output: stripVTControlCharacters(stdout + stderr) };
}

test('it is made of the docstrings without a warning, a page for each import and each name', async () => {
  const out = join(folder, 'reference');
  const { code, output } = await make(root, out);
  expect(output).not.toContain('warning');
  expect(code).toBe(0);

  const imports = Object.keys(faces).filter((face) => face !== './package.json');
  const pages = imports.map((face) => `truefork${face.slice(1).replace('/', '_')}`);
  expect(readdirSync(join(out, 'modules')).sort()).toEqual(pages.map((page) => `${page}.html`).sort());
  for (const [index, face] of imports.entries()) {
    const page = readFileSync(join(out, 'modules', `${String(pages[index])}.html`), 'utf8');
    const told = new Set(
      page
        .replaceAll('<wbr/>', '')
        .replace(/<[^>]*>/g, ' ')
        .split(/\s+/),
    );
    const names = Object.keys((await import(`truefork${face.slice(1)}`)) as object);
    expect(names).not.toHaveLength(0);
    expect(names.filter((name) => !told.has(name))).toEqual([]);
  }
});

test('a name without words, a link to nowhere, an argument that is not there and a call that does not say how it fails are found', async () => {
  const project = join(folder, 'project');
  mkdirSync(join(project, 'lib'), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "name": "mistakes" }');
  writeFileSync(
    join(project, 'tsconfig.json'),
    '{ "compilerOptions": { "strict": true, "types": [] }, "include": ["lib"] }',
  );
  writeFileSync(join(project, 'typedoc.json'), '{ "entryPoints": ["lib/index.ts"], "readme": "none" }');
  writeFileSync(
    join(project, 'lib', 'index.ts'),
    `/** @module mistakes */
export const wordless = 1;
/** See {@link Nowhere}. */
export const linked = 2;
/** Nothing. @param missing it is not there */
export function argued(): void {}
/** Fails. @see https://man7.org/linux/man-pages/man2/open.2.html */
export function silent(): void {}
/** All is told. */
export interface Told {
  untold: number;
}
`,
  );
  const { code, output } = await make(project, join(folder, 'none'));
  expect(code).toBe(1);
  const warnings = output.match(/(?<=\[warning\] ).+/g) ?? [];
  expect(warnings).toEqual(
    expect.arrayContaining([
      expect.stringContaining('"missing", which was not used'),
      expect.stringContaining('resolve link to "Nowhere"'),
      expect.stringMatching(/lib\/index\.ts:2: .*wordless has no docstring/),
      expect.stringMatching(/lib\/index\.ts:8: .*silent has a man page and no @throws/),
      expect.stringMatching(/lib\/index\.ts:11: .*Told\.untold has no docstring/),
    ]),
  );
  expect(warnings).toHaveLength(5);
  expect(readdirSync(folder)).not.toContain('none');
});
