import { holdOnEveryNode } from './cases';

holdOnEveryNode('ipc-condition.mjs', {
  order: 'as many are notified as were asked for, those first that have waited longest',
  late: 'who waits too long holds the lock again, and takes no notification',
  'not-held': 'only who holds the lock may wait and notify',
  depth: 'a re-entrant lock is given up whole, and taken back as often',
  'wait-for': 'producers and consumers wait for each other',
  'waiter-killed': 'a notification is not for one who was killed',
  'notified-killed': 'when one is killed that was notified, the next is',
  interrupted: 'what a handler throws ends a wait, and the lock is held',
  forked: 'a child that a handler forks in a wait leaves its parent’s alone, and waits as well',
  'interrupted-twice': 'what a handler throws while the lock is taken back is thrown when it is held',
  'in-the-loop': 'event loops wait, and are notified in order, each once',
  'given-up': 'a wait in the event loop ends by time and by signal, with the lock held',
  exhausted: 'one that cannot have all its descriptors keeps none',
  closed: 'one that is closed closes the lock that is its own, when nobody waits any more, and no other',
  'holder-killed': 'a wait that ends since one has died with the lock takes no place any more',
});
