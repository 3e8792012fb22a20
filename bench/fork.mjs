// What fork() costs: against a fork() in C of the same process image, in the same process and in turn; against
// child_process.fork and cluster.fork; against CPython's os.fork at the same resident set; where its time goes; and what it
// leaves of the parent's speed. The figures are medians; each ratio is of figures from this run.
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddons } from '../scripts/addon.mjs';

// Megabytes of the process, and how often it is forked.
const SIZES = [
  { megabytes: 60, rounds: 300 },
  { megabytes: 250, rounds: 100 },
  { megabytes: 1000, rounds: 40 },
];
const SMALL = SIZES[0].megabytes;
const NODE_ROUNDS = 15;
const FORKS = 10_000;
const BAR = { c: 1.5, node: 30, after: 1.1 };

const root = join(import.meta.dirname, '..');
const programs = join(import.meta.dirname, 'programs');
const native = join(import.meta.dirname, 'native');

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

function row(name, microseconds, rest = '') {
  console.log(`  ${name.padEnd(40)}${microseconds.toFixed(0).padStart(8)} µs  ${rest}`.trimEnd());
}

function bar(holds, text) {
  if (!holds) process.exitCode = 1;
  return `(bar: ${text}${holds ? '' : '; MISSED'})`;
}

function run(command, options, program, ...args) {
  const words = [...options, join(programs, program), ...args.map(String)];
  return JSON.parse(execFileSync(command, words, { encoding: 'utf8', maxBuffer: 2 ** 28 }));
}

function node(program, ...args) {
  return run(process.execPath, ['--expose-gc', '--max-old-space-size=4096'], program, ...args);
}

/** Undefined without a python3. */
function python(...args) {
  try {
    return run('python3', [], 'fork-costs.py', ...args).python;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

// The package with an addon that takes the time of its steps.
const [, timedAddon] = buildAddons(
  native,
  ['plain_fork', 'truefork'],
  [join(native, 'plain-fork.cc'), join(native, 'steps.cc'), join(root, 'native')],
);
const timed = join(native, 'build', 'timed');
cpSync(join(root, 'dist'), join(timed, 'dist'), { recursive: true });
cpSync(timedAddon, join(timed, 'build', 'Release', 'truefork.node'));

const FUNCTIONS = [
  'Settle',
  'LookAround',
  'OtherThreads',
  'LookAtSyscall',
  'LookAtIdentity',
  'Nap',
  'Park',
  'EpollSet::Of',
  'LoopState::Of',
  'LetMemoryFork',
  'Release',
  'BecomeWhole',
  'SignalLock::Renew',
  'EpollSet::Renew',
  'LoopState::Renew',
  'LeaveTerminal',
  'Resurrect',
];

/** Where each of the functions is in the addon. */
function offsets() {
  const symbols = execFileSync('nm', ['--demangle', '--defined-only', timedAddon], { encoding: 'utf8' }).split('\n');
  return Object.fromEntries(
    FUNCTIONS.map((name) => {
      const symbol = symbols.find((line) => line.slice(19).startsWith(`truefork::${name}(`));
      if (symbol === undefined) throw new Error(`the engine has no function ${name}: name its steps anew in this file`);
      return [name, Number.parseInt(symbol, 16)];
    }),
  );
}

/** The microseconds of each step of a round, which are all of its time, and of some of its functions. */
function stepsOf({ start, ran, end, calls }) {
  const of = (name) => calls.filter((call) => call.name === name);
  const sum = (...names) => names.flatMap(of).reduce((total, call) => total + (call.end - call.start), 0);
  const [forking] = of('_Fork');
  const [whole] = of('BecomeWhole');
  const forked = calls.find(({ name, role }) => name === '_Fork' && role === 'child');
  const first = Math.min(...calls.map((call) => call.start));
  const idle = sum('Settle', 'LookAround', 'Nap');
  const steps = {
    'JavaScript before it': first - start,
    'idle wait': idle,
    park: sum('Park'),
    madvise: sum('LetMemoryFork'),
    fork: forked.end - forked.start,
    loop: whole.end - whole.start - sum('Resurrect'),
    resurrect: sum('Resurrect'),
    'JavaScript fix-ups': ran - whole.end,
    'exit and waitpid': end - ran,
  };
  const before = forking.start - first - idle - steps.park - steps.madvise;
  steps['what else comes before the fork'] = before + (whole.start - forked.end);
  const within = Object.fromEntries([...FUNCTIONS, '_Fork'].map((name) => [name, [sum(name), of(name).length]]));
  return { steps, within };
}

const WITHIN = {
  'idle wait': ['Settle', 'OtherThreads', 'LookAtSyscall', 'LookAtIdentity', 'Nap'],
  loop: ['SignalLock::Renew', 'EpollSet::Renew', 'LoopState::Renew', 'LeaveTerminal'],
  'what else comes before the fork': ['EpollSet::Of', 'LoopState::Of'],
};

function printSteps(rounds) {
  const all = rounds.map(stepsOf);
  const medians = Object.keys(all[0].steps).map((name) => [name, median(all.map(({ steps }) => steps[name])) / 1e3]);
  const total = medians.reduce((sum, [, time]) => sum + time, 0);
  for (const [name, time] of medians) {
    row(`  ${name}`, time, `${((time / total) * 100).toFixed(0).padStart(3)} %`);
    for (const part of WITHIN[name] ?? []) {
      const calls = median(all.map(({ within }) => within[part][1]));
      const spent = median(all.map(({ within }) => within[part][0])) / 1e3;
      if (calls > 0) row(`    ${part}${calls > 1 ? ` (${calls} calls)` : ''}`, spent);
    }
  }
  const own = medians.filter(([name]) => name !== 'exit and waitpid');
  const [most, longest] = own.reduce((a, b) => (b[1] > a[1] ? b : a));
  const [mine, ours] = own.filter(([name]) => name !== 'fork').reduce((a, b) => (b[1] > a[1] ? b : a));
  row(`  of fork(), most takes: ${most}`, longest);
  if (mine !== most) row(`  of what is not the kernel's: ${mine}`, ours);
}

console.log('fork: fork(), _exit in the child, and waitpid, in turn with that of C; medians');
let childRuns;
for (const { megabytes, rounds } of SIZES) {
  const { rss, ...lists } = node('fork-costs.mjs', megabytes, rounds);
  const [ours, c, child, parent] = ['truefork', 'c', 'child', 'parent'].map((name) => median(lists[name]));
  childRuns ??= child;
  console.log(`\na process of ${rss.toFixed(0)} MB, ${rounds} rounds`);
  row('truefork', ours);
  row('  until fork() has returned in the parent', parent);
  row("  until the child's JavaScript runs", child);
  row('C', c, `truefork takes ${(ours / c).toFixed(2)} × its time ${bar(ours / c <= BAR.c, `${BAR.c} ×`)}`);
  const peer = python(Math.round(rss), rounds);
  if (peer) row('CPython', median(peer), `truefork takes ${(ours / median(peer)).toFixed(2)} × its time`);
  else console.log('  CPython: MISSING, there is no python3 on this machine');
  console.log('  where the time goes');
  printSteps(node('fork-steps.mjs', megabytes, rounds, timed, JSON.stringify(offsets())));
}

const { before, after } = node('speed-after-forks.mjs', FORKS);
console.log(`\nthe parent's own work, before and after ${FORKS} forks`);
row('before', median(before));
const slower = median(after) / median(before);
row('after', median(after), `${slower.toFixed(2)} × the time ${bar(slower <= BAR.after, `${BAR.after} ×`)}`);

const { rss, ...lists } = node('fork-node.mjs', SMALL, NODE_ROUNDS);
console.log(`\nuntil the first line of the child's JavaScript runs, a process of ${rss.toFixed(0)} MB`);
row('truefork', childRuns);
for (const [name, list] of Object.entries(lists)) {
  const ratio = median(list) / childRuns;
  row(name, median(list), `truefork is ${ratio.toFixed(0)} times as fast ${bar(ratio >= BAR.node, BAR.node)}`);
}
