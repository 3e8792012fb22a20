import { holdsOnEveryNode } from './cases';

describe('in a worker thread', () => {
  holdsOnEveryNode('posix-worker.mjs', {
    'all-calls': 'the calls are those of the main thread, and the worker ends as it should',
    'mask-of-its-own': 'the signal mask is the worker’s own',
    'mapping-left-behind': 'a mapping ends with its worker at the latest',
    'descriptors-are-the-process’s': 'descriptors are the whole process’s',
    'many-at-once': 'the addon is loaded by many workers, at once and one after the other',
    'terminated-in-a-call': 'a call that blocks, blocks its worker alone',
  });
});
