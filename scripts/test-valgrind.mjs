// Runs the addon's calls (test/valgrind/calls.mjs) under valgrind's memcheck: no error, and no leak, may have a frame of
// truefork.node. Others are V8's, whose just-in-time compiler valgrind cannot follow.
//
// The fork itself is not among them: valgrind runs one thread at a time, the others wait in its own lock, where they
// cannot be parked, and it refuses the raw clone(2) that starts a thread again. There fork() says that the threads are
// busy, which is tested. The sanitizers (test-asan.mjs) watch the fork.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join('test', 'valgrind');

if (spawnSync('valgrind', ['--version']).error) {
  console.error('missing: valgrind; install it with: sudo apt-get install -y valgrind');
  process.exit(1);
}
execFileSync(process.execPath, [join(root, 'scripts', 'build-native.mjs'), folder], { cwd: root, stdio: 'inherit' });

// The errors with a frame of ours, and how the program ended.
function memcheck(nodeArgs) {
  const directory = mkdtempSync(join(tmpdir(), 'truefork-valgrind-'));
  const report = join(directory, 'report.xml');
  try {
    const { status, stdout, stderr } = spawnSync(
      'valgrind',
      [
        // V8 writes its code at any time.
        '--smc-check=all-non-file',
        // V8's many would end the report before ours.
        '--error-limit=no',
        '--leak-check=full',
        '--show-leak-kinds=definite',
        // Ours may be far up: JavaScript has many frames.
        '--num-callers=40',
        '--xml=yes',
        `--xml-file=${report}`,
        process.execPath,
        ...nodeArgs,
      ],
      { cwd: root, encoding: 'utf8' },
    );
    const text = readFileSync(report, 'utf8');
    if (!text.includes('<state>FINISHED</state>')) throw new Error(`valgrind has not finished:\n${stderr}`);
    const errors = text.match(/<error>.*?<\/error>/gs) ?? [];
    return { status, stdout, stderr, ours: errors.filter((error) => error.includes('truefork.node</obj>')) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

// First of all: a mistake is found.
const mistaken = join(root, folder, 'build', 'Release', 'truefork.node');
const { ours: found } = memcheck(['-e', `const m = require(${JSON.stringify(mistaken)}); m.overrun(8); m.leak(100)`]);
if (found.length !== 2) {
  console.error(`an overrun and a leak on purpose, and valgrind has found ${found.length}:\n${found.join('\n')}`);
  process.exit(1);
}

const { status, stdout, stderr, ours } = memcheck(['--expose-gc', join(folder, 'calls.mjs')]);
process.stdout.write(stdout);
process.stderr.write(stderr);
console.log(`valgrind: ${ours.length} errors of truefork.node`);
for (const error of ours) console.error(error);
process.exitCode = status === 0 && ours.length === 0 && stdout.includes('refused: busy-threads') ? 0 : 1;
