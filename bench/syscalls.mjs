// What a system call costs: from C, from truefork, from Node's own modules, from CPython and through koffi. Nanoseconds of
// processor time a call, garbage collection included; medians of processes that take turns; each comparison is of figures from
// this run.
//
// `npm run bench -- syscalls [--rounds 9] [--rows getppid,kill,…] [--json FILE]`
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { peersMissing } from './peers/installed.mjs';
import { absent, compared, interleave } from './serve/figures.mjs';
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

const run = (command, ...args) => Number(execFileSync(command, args.map(String), { encoding: 'utf8' }));
const javaScript = (who, ...args) => run(process.execPath, join(programs, 'syscall-times.mjs'), who, ...args);

function python(...args) {
  try {
    return run('python3', join(programs, 'syscall-times.py'), ...args);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function againstC(figure) {
  const most = Math.round(figure.theirs + BAR);
  return { ...figure, most, held: figure.ours <= most };
}

function row(name, { what, calls, light, node }) {
  return async ({ rounds }) => {
    const times = await interleave(rounds, {
      truefork: () => javaScript('truefork', name, calls),
      C: () => run(compiled, name, calls),
      CPython: () => python(name, calls),
      koffi: () => javaScript('koffi', name, calls),
      ...(node && { 'Node.js': () => javaScript('node', name, calls) }),
    });
    const against = (peer, bar) =>
      times[peer].includes(undefined)
        ? absent(peer, 'apt-get install -y python3')
        : compared({ what, unit: 'ns', ours: times.truefork, theirs: times[peer], peer, better: 'less', bar });
    const c = against('C');
    const others = Object.keys(times).filter((peer) => !['truefork', 'C'].includes(peer));
    return { figures: [light ? againstC(c) : c, ...others.map((peer) => against(peer, 1))], pictures: [] };
  };
}

mkdirSync(build, { recursive: true });
execFileSync('cc', ['-O2', '-o', compiled, join(programs, 'syscall-times.c')], { stdio: 'inherit' });

await measure({
  name: 'syscalls',
  rows: Object.fromEntries(Object.entries(ROWS).map(([name, about]) => [name, row(name, about)])),
  numbers: { rounds: 9 },
  remark: '; the ratio is how many times as fast ours is',
  missing: () => peersMissing('koffi'),
  stopAll: () => Promise.resolve(),
});
