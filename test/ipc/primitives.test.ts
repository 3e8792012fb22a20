import { holdOnEveryNode } from './cases';

holdOnEveryNode('ipc-primitives.mjs', {
  semaphore: 'as many as a semaphore says are between acquire and release',
  'semaphore-forked': 'one who waits is woken, also after a handler has forked a child that waits no more',
  bounded: 'a bounded semaphore is not released more often than acquired',
  'bounded-holder-died': 'what a process has died with of a bounded semaphore is told, and taken over one by one',
  'bounded-interrupted': 'what a handler throws while one is given back is thrown when it is back',
  'semaphore-waiter-died': 'one who was killed while it waited takes nothing from a semaphore',
  'semaphore-in-the-loop': 'event loops wait for a semaphore',
  event: 'all who wait for an event go on when it is set',
  'event-in-the-loop': 'event loops wait for an event',
  barrier: 'nobody passes a barrier before all have come',
  'barrier-action': 'the last one to come does what is to be done before all go on',
  'barrier-broken': 'all are told of a barrier that is aborted, reset, or left too early',
  'barrier-died': 'a barrier at which one is killed is broken for the others',
  'barrier-interrupted': 'what a handler throws while the last one lets the others go on leaves nobody behind',
  'barrier-forked': 'a child that is forked at a barrier does not count, and leaves it whole',
  'barrier-in-the-loop': 'event loops wait at a barrier, and are told that one was killed',
  arrays: 'what one process writes into a shared array, the others read',
  value: 'a shared value is one number of all',
});
