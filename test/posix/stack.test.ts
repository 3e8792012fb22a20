import { blockedIn, processStat, stackOnSignal, type Signal } from 'truefork/posix';
import { holdsOnEveryNode, thrownBy } from './cases';

describe('stackOnSignal', () => {
  test('of an unknown signal is a TypeError', () => {
    expect(thrownBy(() => stackOnSignal('SIGNOTHING' as Signal))).toMatchObject({ code: 'ERR_UNKNOWN_SIGNAL' });
  });

  holdsOnEveryNode('posix-stack.mjs', {
    loop: 'names the function, the file and the line of an endless loop',
    regexp: 'names who waits for a regular expression that backtracks',
    'compiled-regexp': 'names who waits for one that has become machine code',
    wasm: 'names a loop of WebAssembly, and who has called it',
    wait: 'names who waits in Atomics.wait',
    json: 'names who parses JSON again and again',
    deep: 'shows fifty frames of a deep recursion',
    idle: 'says that an event loop is not blocked, and has no thread before or afterwards',
    'goes-on': 'lets a process go on that was only slow',
    'a-thousand-times': 'harms nothing when a process is asked a thousand times while it computes and allocates',
    child: 'holds for a forked child, which tells of itself',
    family: 'harms no fork, and no child',
    exits: 'harms no process that ends',
    'other-thread': 'means the main thread, whichever the signal finds',
    closed: 'ends with close(), and can be anew',
    refused: 'is refused for a signal that is taken or cannot be had, and in a worker thread',
  });
});

describe('blockedIn', () => {
  holdsOnEveryNode('posix-stack.mjs', { 'blocked-in': 'names the system call, or says that it runs or is stopped' });

  test('is undefined of no process', () => {
    expect(blockedIn(2 ** 22 + 1)).toBeUndefined();
  });

  // Where this is not a pid namespace of its own, process 2 is kthreadd.
  const seesKernel = processStat(2)?.command === 'kthreadd';
  (seesKernel ? test : test.skip)('names no system call of a thread of the kernel', () => {
    expect(blockedIn(2)).toMatch(/^(kthreadd|sleeping|running)$/);
  });
});
