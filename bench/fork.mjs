// What fork() costs: against a fork() in C of the same process image, in the same process and in turn; against
// child_process.fork and cluster.fork; against CPython's os.fork at the same resident set; where its time goes; and what it
// leaves of the parent's speed. The figures are medians.
//
// `npm run bench -- fork [--rows small,middle,…]`
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddons } from '../scripts/addon.mjs';
import { group, median, row } from './result.mjs';
import { nodeWith, printed, PYTHON, python } from './running.mjs';
import { measure } from './side-by-side.mjs';

// Megabytes of the process, and how often it is forked.
const SIZES = {
  small: { megabytes: 60, rounds: 300 },
  middle: { megabytes: 250, rounds: 100 },
  large: { megabytes: 1000, rounds: 40 },
};
const NODE_ROUNDS = 15;
const FORKS = 10_000;
const FEW_FORKS = 100;
const BARS = { c: 1.5, node: 30, after: 1.1 };

const root = join(import.meta.dirname, '..');
const native = join(import.meta.dirname, 'native');

const grown = (program, ...args) => nodeWith(['--expose-gc', '--max-old-space-size=4096'], program, ...args);

let builtOnce;

/** Has the addons built: a fork() in C, and the package with an addon that takes the time of its steps. */
function built() {
  return (builtOnce ??= build());
}

function build() {
  const [, timedAddon] = buildAddons(
    native,
    ['plain_fork', 'truefork'],
    [join(native, 'plain-fork.cc'), join(native, 'steps.cc'), join(root, 'native')],
  );
  const timed = join(native, 'build', 'timed');
  cpSync(join(root, 'dist'), join(timed, 'dist'), { recursive: true });
  cpSync(timedAddon, join(timed, 'build', 'Release', 'truefork.node'));
  return { timed, offsets: offsetsIn(timedAddon) };
}

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
function offsetsIn(timedAddon) {
  const symbols = printed('nm', '--demangle', '--defined-only', timedAddon).split('\n');
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

/** Where the time goes, as notes. */
function stepNotes(rounds) {
  const all = rounds.map(stepsOf);
  const note = (what, microseconds, level) => ({ what, value: microseconds, unit: 'µs', level });
  const medians = Object.keys(all[0].steps).map((name) => [name, median(all.map(({ steps }) => steps[name])) / 1e3]);
  const total = medians.reduce((sum, [, time]) => sum + time, 0);
  const withParts = ([name, time]) => [
    note(`${name}, ${((time / total) * 100).toFixed(0)} %`, time, 1),
    ...(WITHIN[name] ?? []).flatMap((part) => {
      const calls = median(all.map(({ within }) => within[part][1]));
      const spent = median(all.map(({ within }) => within[part][0])) / 1e3;
      return calls > 0 ? [note(`${part}${calls > 1 ? ` (${calls} calls)` : ''}`, spent, 2)] : [];
    }),
  ];
  const own = medians.filter(([name]) => name !== 'exit and waitpid');
  const longest = (list) => list.reduce((a, b) => (b[1] > a[1] ? b : a));
  const [most, time] = longest(own);
  const [mine, ours] = longest(own.filter(([name]) => name !== 'fork'));
  return [
    note('where the time of truefork goes, taken by an addon that looks at its clock', total, 0),
    ...medians.flatMap(withParts),
    note(`of fork(), most takes: ${most}`, time, 0),
    ...(mine === most ? [] : [note(`of what is not the kernel's: ${mine}`, ours, 0)]),
  ];
}

function size(name, { megabytes, rounds: all }) {
  return ({ times }) => {
    const rounds = times(all);
    const { timed, offsets } = built();
    const { rss, ...lists } = grown('fork-costs.mjs', megabytes, rounds);
    const steps = grown('fork-steps.mjs', megabytes, rounds, timed, JSON.stringify(offsets));
    const note = (what, list) => ({ what, value: median(list), unit: 'µs' });
    return [
      group({
        name,
        title: `fork(), _exit and waitpid, a process of ${rss.toFixed(0)} MB`,
        about:
          'From the call of fork() until the child, which ends at once, has been waited for; in C, of the same process image; in CPython, of a process as large.',
        unit: 'µs',
        better: 'less',
        rows: [
          row('truefork', lists.truefork, { ours: true }),
          row('C', lists.c),
          row('CPython', python('fork-costs.py', Math.round(rss), rounds)?.python ?? [], { install: PYTHON }),
        ],
        bars: [{ row: 'truefork', peer: 'C', share: BARS.c }],
        notes: [
          note('until fork() has returned in the parent', lists.parent),
          note("until the child's JavaScript runs", lists.child),
          ...stepNotes(steps),
        ],
      }),
    ];
  };
}

function after({ quick }) {
  const forks = quick ? FEW_FORKS : FORKS;
  const times = grown('speed-after-forks.mjs', forks);
  return [
    group({
      name: 'after',
      title: `The parent's own work, after ${forks.toLocaleString('en-US')} forks`,
      about: 'How long a piece of work takes a process that has forked so often, and took it before.',
      unit: 'µs',
      better: 'less',
      rows: [row('after the forks', times.after, { ours: true }), row('before', times.before)],
      bars: [{ row: 'after the forks', peer: 'before', share: BARS.after }],
    }),
  ];
}

function firstLine({ times }) {
  const { megabytes, rounds } = SIZES.small;
  built();
  const { child } = grown('fork-costs.mjs', megabytes, times(rounds));
  const { rss, ...lists } = grown('fork-node.mjs', megabytes, times(NODE_ROUNDS));
  const ways = Object.keys(lists);
  return [
    group({
      name: 'first-line',
      title: `Until the first line of the child's JavaScript runs, a process of ${rss.toFixed(0)} MB`,
      about: 'From the call in the parent until the child, which is a Node.js, runs its first line.',
      unit: 'µs',
      better: 'less',
      rows: [row('truefork', child, { ours: true }), ...ways.map((way) => row(way, lists[way]))],
      bars: ways.map((peer) => ({ row: 'truefork', peer, times: BARS.node })),
    }),
  ];
}

await measure({
  name: 'fork',
  title: 'fork()',
  about:
    'Against a fork() in C of the same process, in turn; against child_process.fork and cluster.fork; against CPython; and what it leaves of the parent’s speed.',
  versions: ['a C compiler', 'Python'],
  rows: {
    ...Object.fromEntries(Object.entries(SIZES).map(([name, about]) => [name, size(name, about)])),
    after,
    node: firstLine,
  },
});
