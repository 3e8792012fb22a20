import { nodes, passes } from '../support/programs';

describe.each(nodes())('on Node.js $major', ({ path: node }) => {
  test('keepDontfork: V8’s memory is kept out of spawns again, in the parent and in each child', async () => {
    await passes('fork-memory.mjs', { node, args: ['keepDontfork'] });
  });

  test('a process with more and more mappings can be forked all the time', async () => {
    await passes('fork-mappings.mjs', { node });
  });

  test('prepareFork collects all garbage and leaves V8 as it was', async () => {
    await passes('fork-memory.mjs', { node, args: ['prepareFork'] });
  });

  test('prepareFork gives back what V8 has emptied', async () => {
    await passes('fork-memory.mjs', { node, args: ['prepareForkGivesBack'] });
  });

  test.each(['process', 'child', 'thread'])(
    'releaseMemory gives back what the work of a %s has taken',
    async (where) => {
      await passes('release-memory.mjs', { node, args: [where] });
    },
  );

  test.each(['releaseMemory', 'prepareFork', 'child', 'worker'])(
    'process.nextTick() is as fast as before after a collection: %s',
    async (collection) => {
      await passes('ticks.mjs', { node, args: [collection] });
    },
  );
});
