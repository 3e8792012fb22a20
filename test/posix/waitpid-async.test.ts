import { holdsOnEveryNode } from './cases';

holdsOnEveryNode('posix-wait-async.mjs', {
  ends: 'waitpidAsync tells each who waits for a child how it ended, also if it had ended before',
  aborted: 'a wait that is aborted rejects with the reason, leaves the child and others’ waits, and no descriptor',
  forked: 'a wait of the parent is nothing to a forked child',
  strangers: 'waitpidAsync takes no other child, none of child_process, and what is no child is ECHILD',
  watcher: 'every ChildWatcher of a child is told once, unless it was closed, whatever the others throw',
});
