import { holds, holdsOnEveryNode } from './cases';

holdsOnEveryNode('posix-credentials.mjs', {
  'every-thread': 'a change of users and groups is one of every thread, in a parent, a forked child and a grandchild',
});
holds('posix-credentials.mjs', {
  asked: 'the ids are what Node says, and to set what one has is permitted',
  users: 'the real, effective and saved ids are set as the man pages say, and root is given up for good',
  'not-permitted': 'what only root may is a PermissionError to anybody else',
});
