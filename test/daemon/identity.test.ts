// As root, what becomes of a process; as anybody else, that it is refused.
import { nodes, passes } from '../support/programs';

test.each([
  ['a user and a group that there are not', 'unknown'],
  ['to become who one is', 'oneself'],
  ['to become a number', 'numbers'],
  ['to change the group alone', 'group-alone'],
])('%s', async (_, name) => {
  await passes('identity-cases.mjs', { args: [name] });
});

test.each(nodes())('to become another user, for good: on Node $major', async ({ path: node }) => {
  await passes('identity-cases.mjs', { node, args: ['another-user'] });
});
