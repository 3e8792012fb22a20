import { holdsOnEveryNode } from './cases';

describe('closeFrom', () => {
  holdsOnEveryNode('posix-descriptor-calls.mjs', {
    'close-from': 'closes what the program has opened, and the event loop, its servers and its children go on',
    'close-from-at-once': 'may be the first that a program does',
    'close-from-in-a-child': 'closes what a forked child has of its parent, in the child alone',
  });
});

holdsOnEveryNode('posix-descriptor-calls.mjs', {
  'close-range': 'close_range and closerange close a range, or mark it close-on-exec',
});
