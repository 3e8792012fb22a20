import { holds, holdsOnEveryNode } from './cases';

holdsOnEveryNode('posix-ps.mjs', {
  tree: 'pstree has a family as data, and draws it with its zombies marked',
});
holds('posix-ps.mjs', {
  entry: 'ps tells of a process what it says itself, whatever its name and its arguments are',
  filters: 'ps filters by session, group and parent, and orders by pid',
  busy: 'ps and pstree bear with processes that come and go meanwhile',
});
