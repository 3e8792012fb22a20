// `npm run bench -- --quick`: real benchmarks, with few measurements.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Bench {
  name: string;
  quick: boolean;
  date: string;
  load: { others: number; stolen: number };
  versions: Record<string, string>;
  groups: {
    rows: { name: string; ours: boolean; value: number; peers: string[] }[];
    bars: { row: string; held: boolean }[];
  }[];
  failure?: { ended: string; tail: string };
}

const root = join(__dirname, '..', '..');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'truefork-test-'));
  folders.push(path);
  return path;
}

/** Without a build before it: that is another test's. Of its files none is left. */
function bench(...words: string[]): { status: number | null; output: string } {
  const temporary = folder();
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['run', '--silent', '--ignore-scripts', 'bench', '--', ...words],
    { cwd: root, encoding: 'utf8', env: { ...process.env, TMPDIR: temporary, XDG_RUNTIME_DIR: '' } },
  );
  const left = readdirSync(temporary, { recursive: true, withFileTypes: true });
  // The directories of the masters stay, and are empty.
  expect(left.filter((entry) => !entry.isDirectory() || entry.name.startsWith('truefork-bench-'))).toEqual([]);
  return { status, output: stdout + stderr };
}

function benchesIn(out: string): Bench[] {
  const { benches } = JSON.parse(readFileSync(join(out, 'benchmarks.json'), 'utf8')) as { benches: Bench[] };
  return benches;
}

const pageIn = (out: string): string => readFileSync(join(out, 'benchmarks.html'), 'utf8');

// A safety net: on a machine that does nothing else they take seconds.
jest.setTimeout(300_000);

test('benchmarks run one after the other, and those that are asked for again are renewed on their page', () => {
  const out = folder();
  const { status } = bench('spawn', 'start', '--quick', '--out', out);
  const benches = benchesIn(out);
  expect(benches.map(({ name, quick, failure }) => ({ name, quick, failure }))).toEqual([
    { name: 'start', quick: true },
    { name: 'spawn', quick: true },
  ]);
  const groups = benches.flatMap(({ groups }) => groups);
  const bars = groups.flatMap(({ bars }) => bars);
  expect(bars.length).toBeGreaterThan(0);
  expect(status).toBe(bars.every(({ held }) => held) ? 0 : 1);
  for (const { rows, bars } of groups) {
    for (const { value } of rows) expect(value).toBeGreaterThan(0);
    for (const row of rows.filter(({ ours }) => ours))
      expect(row.peers.length + bars.filter((bar) => bar.row === row.name).length).toBeGreaterThan(0);
  }
  for (const { load, versions } of benches) {
    expect(load.others).toBeGreaterThanOrEqual(0);
    expect(load.others).toBeLessThanOrEqual(1);
    expect(versions['Node.js']).toBe(process.version.slice(1));
  }
  expect(pageIn(out)).toContain('These are not figures');

  bench('spawn', '--quick', '--out', out);
  const renewed = benchesIn(out);
  expect(renewed.map(({ name }) => name)).toEqual(['start', 'spawn']);
  expect(renewed[0]).toEqual(benches[0]);
  expect(renewed[1]?.date).not.toBe(benches[1]?.date);
});

test('a benchmark that fails is told, and the others go on', () => {
  const out = folder();
  // Of which the first one knows nothing.
  const { status } = bench('start', 'ipc', '--rounds', '1', '--quick', '--out', out);
  expect(status).toBe(1);
  const [start, ipc] = benchesIn(out);
  expect(start).toMatchObject({ name: 'start', groups: [], failure: { ended: 'exit code 1' } });
  expect(start?.failure?.tail).toContain("Unknown option '--rounds'");
  expect(ipc?.failure).toBeUndefined();
  expect(ipc?.groups).toHaveLength(2);
  expect(pageIn(out)).toContain('it failed (exit code 1)');
});

test('what is not there, or would leave half a benchmark on the page, is refused', () => {
  const nothing = bench('nothing');
  expect(nothing.status).toBe(2);
  expect(nothing.output).toContain('there is no benchmark nothing; there are: start, serve,');
  const half = bench('serve', '--rows', 'rate', '--out', '.');
  expect(half.status).toBe(2);
  expect(half.output).toContain('--rows measures a part of a benchmark');
  const nowhere = bench('spawn', '--out');
  expect(nowhere.status).toBe(2);
  expect(nowhere.output).toContain('--out has no value');
});
