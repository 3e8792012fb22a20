import { futexWait, futexWake, MAP_ANONYMOUS, MAP_SHARED, mmap, munmap, PROT_READ, PROT_WRITE } from 'truefork/posix';
import { holdsOnEveryNode, thrownBy } from './cases';

let memory: ArrayBuffer;
let words: Int32Array;

beforeEach(() => {
  memory = mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  words = new Int32Array(memory);
});
afterEach(() => {
  if (memory.byteLength > 0) munmap(memory);
});

test('a wait for a word that is another is over at once', () => {
  words[3] = -7;
  expect(futexWait(words, 3, 7)).toBe('not-equal');
  expect(futexWait(words, 3, -8, 10_000)).toBe('not-equal');
});

test('a wait with a time limit ends when it is reached, and not before', () => {
  words[3] = -7;
  for (const limit of [0, 0.001, 20, 1100]) {
    const start = process.hrtime.bigint();
    expect(futexWait(words, 3, -7, limit)).toBe('timed-out');
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeGreaterThanOrEqual(limit);
  }
});

test('where nobody waits, nobody is woken', () => {
  expect(futexWake(words, 0, 1)).toBe(0);
  expect(futexWake(words, 1023, 2 ** 31 - 1)).toBe(0);
});

test('a word outside of the memory, and of unmapped memory, is a RangeError', () => {
  munmap(memory);
  for (const array of [words, new Int32Array(0)]) {
    expect(thrownBy(() => futexWait(array, 0, 0))).toBeInstanceOf(RangeError);
    expect(thrownBy(() => futexWake(array, 0, 1))).toBeInstanceOf(RangeError);
  }
});

holdsOnEveryNode('posix-futex.mjs', {
  woken: 'who waits for a word is woken by another process, which has mapped it elsewhere',
  counted: 'as many are woken as were asked for, and were there',
  mutex: 'a lock on a word keeps processes apart',
  atomics: 'atomic operations on shared memory are atomic between processes, on 32 and on 64 bits',
  'killed-holder': 'a process that is killed with a lock leaves the word as it was, and the memory whole',
  private: 'the words of a private mapping are each process’s own',
  interrupted: 'a signal interrupts a wait',
  restarted: 'a signal whose handler has SA_RESTART does not interrupt a wait without a time limit',
  'interrupted-with-limit': 'it does interrupt one with a time limit',
});
