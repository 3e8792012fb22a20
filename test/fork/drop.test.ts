import { nodes, passes } from '../support/programs';

describe.each(nodes())("fork({ threads: 'drop' }) on Node.js $major leaves threads behind", ({ path: node }) => {
  test.each([
    ['waiting', 'that sit in a system call'],
    ['computing', 'that compute'],
    ['allocating', 'that allocate, and never with the allocator locked'],
  ])('%s: %s', async (name) => {
    await passes('fork-drop.mjs', { node, args: [name] });
  });
});
