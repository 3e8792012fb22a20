// Runs the addon's tests with the addon under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, on this
// Node.js. Node itself is not instrumented: its allocations are watched, its own accesses are not.
import { execFileSync, spawnSync } from 'node:child_process';
import { isAbsolute, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join('test', 'asan');

function library(name) {
  const path = execFileSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
  if (isAbsolute(path)) return path;
  console.error(`missing: ${name}; install it with: sudo apt-get install -y libgcc-$(gcc -dumpversion)-dev`);
  process.exit(1);
}

// The sanitizers must be there before node's first allocation.
const preload = ['libasan.so', 'libubsan.so'].map(library).join(' ');
execFileSync(process.execPath, [join(root, 'scripts', 'build-native.mjs'), folder], { cwd: root, stdio: 'inherit' });

const asanOptions = [
  // A finding is no exit status that a test may expect.
  'exitcode=86',
  // What has been freed is kept for so long only: a parent that forks is to be seen not to grow. (Default: 256.)
  'quarantine_size_mb=16',
  // The tests of fatal signals expect the kernel's own action. A signal that nobody expects still fails its test.
  ...['segv', 'sigbus', 'abort', 'sigfpe', 'sigill'].map((signal) => `handle_${signal}=0`),
];

const environment = (leaks) => ({
  ...process.env,
  LD_PRELOAD: preload,
  ASAN_OPTIONS: [...asanOptions, `detect_leaks=${leaks ? 1 : 0}`].join(':'),
  UBSAN_OPTIONS: 'print_stacktrace=1:exitcode=86',
  NODE_OPTIONS: `--require=${join(root, folder, 'load.cjs')}`,
  TEST_NODES: 'own',
  TEST_ROUNDS: '0.04',
});

function fail(...lines) {
  console.error(lines.join('\n'));
  process.exit(1);
}

function node(args) {
  return spawnSync(process.execPath, args, { cwd: root, env: environment(true), encoding: 'utf8' });
}

// The leaks that our own code has allocated: V8 ends with some of its own, allocated below a call of ours perhaps.
function ours(report) {
  const blocks = report.split('\n\n').filter((block) => /^(Direct|Indirect) leak of /m.test(block));
  return blocks.filter((block) => {
    const frames = block.split('\n').filter((line) => /^ +#\d+ /.test(line));
    const first = frames.find((frame) => !/libsanitizer|lib[a-z]+san\.so/.test(frame));
    return first !== undefined && /native\/|mistake\.cc|napi/.test(first) && !first.includes('/node+0x');
  });
}

// First of all: a mistake is found.
const mistaken = join(root, folder, 'build', 'Release', 'mistake.node');
const mistake = (call) => node(['-e', `require(${JSON.stringify(mistaken)}).${call}`]);
for (const [call, finding] of [
  ['overrun(8)', /insufficient space|heap-buffer-overflow/],
  ['overflow(1)', /signed integer overflow/],
]) {
  const { status, stderr } = mistake(call);
  if (status === 0 || !finding.test(stderr))
    fail(`${call}, a mistake on purpose, was not found (exit ${status}):`, stderr);
}
if (ours(mistake('leak(100)').stderr).length === 0) fail('a leak on purpose was not found');

const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
const tests = ['test/posix', 'test/fork/fork.test.ts'];
// mlock(2) and its like do nothing under the sanitizers: what they lock could be their own, which is huge.
const others = '^(?!.*(mlock|locked memory))';
const { status } = spawnSync(
  process.execPath,
  [jest, ...tests, `--testNamePattern=${others}`, ...process.argv.slice(2)],
  {
    cwd: root,
    env: environment(false),
    stdio: 'inherit',
  },
);
if (status !== 0) fail('the tests have failed under the sanitizers');

// Leaks: of every call of the addon, in one process.
const { status: ended, stdout, stderr } = node(['--expose-gc', join('test', 'valgrind', 'calls.mjs')]);
const leaks = ours(stderr);
if (!stdout.includes('passed')) fail(`test/valgrind/calls.mjs ended with ${ended}:`, stderr);
if (leaks.length > 0) fail('leaks of the addon:', ...leaks);
console.log('the sanitizers have found nothing');
