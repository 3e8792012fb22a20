import { getpid, getppid, intercept } from 'truefork/posix';

test('a call that is intercepted goes through what is put in its place, until that is taken back', () => {
  const seen: string[] = [];
  const undoOne = intercept((calls) => ({
    getpid: () => {
      seen.push('one');
      return calls.getpid();
    },
  }));
  const undoOther = intercept((calls) => ({
    getpid: () => {
      seen.push('other');
      return calls.getpid();
    },
  }));
  expect(getpid()).toBe(process.pid);
  expect(getppid()).toBe(process.ppid);
  expect(seen).toEqual(['other', 'one']);
  // The one below goes, and the one above stays.
  undoOne();
  expect(getpid()).toBe(process.pid);
  expect(seen).toEqual(['other', 'one', 'other']);
  undoOther();
  undoOther();
  expect(getpid()).toBe(process.pid);
  expect(seen).toHaveLength(3);
});
