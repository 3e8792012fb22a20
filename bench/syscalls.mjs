// What a system call costs: from C, from truefork, from Node's own modules, from CPython and through koffi. Nanoseconds of
// processor time a call, garbage collection included; medians of processes that take turns; each comparison is of figures from
// this run.
//
// `npm run bench -- syscalls [--rounds 9] [--rows getppid,kill,…] [--json FILE]`
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { peersMissing } from './peers/installed.mjs';
import { group, interleave, rowsOf } from './result.mjs';
import { node, printed, PYTHON, python } from './running.mjs';
import { measure } from './side-by-side.mjs';

// What the calls of a row are, how many a process makes, and whether they are so light that the way there counts.
const ROWS = {
  getppid: { what: 'getppid()', calls: 200_000, light: true, node: true },
  kill: { what: 'kill(pid, 0)', calls: 200_000, light: true, node: true },
  waitpid: { what: 'waitpid(pid, WNOHANG)', calls: 200_000, light: true },
  byte: { what: 'write and read of 1 B on a pipe', calls: 100_000, node: true },
  block: { what: 'write and read of 64 KiB on a pipe', calls: 10_000, node: true },
  mmap: { what: 'mmap and munmap of a page', calls: 30_000 },
};
/** Nanoseconds more than C. */
const BAR = 100;

const programs = join(import.meta.dirname, 'programs');
const build = join(import.meta.dirname, 'native', 'build');
const compiled = join(build, 'syscall-times');

let isCompiled = false;

function compile() {
  if (isCompiled) return;
  mkdirSync(build, { recursive: true });
  execFileSync('cc', ['-O2', '-o', compiled, join(programs, 'syscall-times.c')], { stdio: 'inherit' });
  isCompiled = true;
}

const CALLS_OF_QUICK = 1_000;

function row(name, { what, calls, light, node: inNode }) {
  return async ({ rounds, quick }) => {
    compile();
    const count = quick ? CALLS_OF_QUICK : calls;
    const javaScript = (who) => () => node('syscall-times.mjs', who, name, count);
    const times = await interleave(rounds, {
      truefork: javaScript('truefork'),
      C: () => Number(printed(compiled, name, count)),
      CPython: () => python('syscall-times.py', name, count),
      koffi: javaScript('koffi'),
      ...(inNode && { 'Node.js': javaScript('node') }),
    });
    const others = Object.keys(times).filter((peer) => !['truefork', 'C'].includes(peer));
    return [
      group({
        name,
        title: what,
        about: 'Processor time of a call, garbage collection included.',
        unit: 'ns',
        better: 'less',
        rows: rowsOf(times, () => ({ install: PYTHON })),
        bars: [
          ...(light ? [{ row: 'truefork', peer: 'C', over: BAR }] : []),
          ...others.map((peer) => ({ row: 'truefork', peer, times: 1 })),
        ],
      }),
    ];
  };
}

await measure({
  name: 'syscalls',
  title: 'A system call',
  about:
    'From C, from truefork, from Node’s own modules, from CPython and through koffi, in processes that take turns.',
  versions: ['a C compiler', 'Python', 'koffi'],
  rows: Object.fromEntries(Object.entries(ROWS).map(([name, about]) => [name, row(name, about)])),
  numbers: { rounds: { untold: 9, quick: 1 } },
  missing: () => {
    const install = peersMissing('koffi');
    return install && `koffi is missing; install it with: ${install}`;
  },
});
