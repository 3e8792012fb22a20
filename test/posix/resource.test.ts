import { availableParallelism, loadavg } from 'node:os';
import * as truefork from 'truefork/posix';
import { holds, holdsOnEveryNode } from './cases';

const { getloadavg, getpagesize, getrlimit, sysconf, sysconfNames } = truefork;

test('every limit of this system can be asked for, and is a number or Infinity', () => {
  const names = Object.keys(truefork).filter((name) => name.startsWith('RLIMIT_'));
  expect(names.length).toBe(16);
  const numbers = new Set(names.map((name) => truefork[name as 'RLIMIT_AS']));
  expect(numbers).toEqual(new Set(Array.from({ length: 16 }, (_, index) => index)));
  for (const resource of numbers) {
    const { cur, max } = getrlimit(resource);
    expect(cur).toBeLessThanOrEqual(max);
    expect(cur).toBeGreaterThanOrEqual(0);
  }
});

/** What it answers, or EINVAL. */
function sysconfOrNone(name: number): unknown {
  try {
    return sysconf(name);
  } catch (error) {
    return (error as truefork.PosixError).code;
  }
}

describe('sysconf', () => {
  test('answers by name and by number', () => {
    for (const [name, number] of Object.entries(sysconfNames)) {
      // The C library has names for things of which it knows nothing.
      if (sysconfOrNone(number) !== 'EINVAL') expect(sysconf(number)).toBe(sysconf(name));
    }
    expect(sysconf('SC_NPROCESSORS_ONLN')).toBeGreaterThanOrEqual(availableParallelism());
    expect(sysconf('SC_PAGESIZE')).toBe(getpagesize());
    expect(sysconf('SC_VERSION')).toBe(200809);
  });

  test('has negative values too, and undefined where there is none', () => {
    expect(sysconf('SC_SCHAR_MIN')).toBe(-128);
    expect(sysconf('SC_INT_MIN')).toBe(-(2 ** 31));
    expect(sysconf('SC_PII')).toBeUndefined();
  });
});

test('the load is that of /proc/loadavg', () => {
  const ours = getloadavg();
  const averages = loadavg();
  expect(ours).toHaveLength(3);
  // It may have been counted anew in between.
  ours.forEach((load, index) => {
    expect(Math.abs(load - (averages[index] ?? NaN))).toBeLessThan(1 + load / 2);
  });
});

holdsOnEveryNode('posix-resource.mjs', {
  children: 'what a child has used is told by its wait and counted to its parent, and a child begins with nothing',
});
holds('posix-resource.mjs', {
  used: 'getrusage counts what process.resourceUsage counts, and the processor time that is spent',
  clock: 'times tells the time that has passed',
  limits: 'a limit is set, kept by children, enforced, and a soft one above the hard one is EINVAL',
  others: 'prlimit sets the limit of another process, and of nobody is a ProcessLookupError',
  'file-size': 'RLIMIT_FSIZE ends a file where it says, with EFBIG',
  'processor-time': 'RLIMIT_CPU ends a process that computes for longer',
  processes: 'fork beyond RLIMIT_NPROC is EAGAIN, and makes no child',
});
