import { holdOnEveryNode } from './cases';

holdOnEveryNode('ipc-lock.mjs', {
  apart: 'one process at a time has a lock',
  busy: 'who does not get a lock in time is told so, and the lock says that it is held',
  own: 'a process that would wait for itself is told, and only the holder can release',
  again: 'a re-entrant lock is free when it was released as often as taken',
  held: 'a block holds a lock until its end',
  'not-inherited': 'the child of a holder does not hold the lock',
  died: 'after its holder was killed nobody gets a lock, until somebody recovers it',
  exited: 'a holder that has exited has died, too',
  'recovery-died': 'one that dies while it recovers a lock is told of like any other',
  'died-and-waited-for': 'those who sleep for a lock are told that its holder was killed',
  'waiter-died': 'one who was killed while it waited for a lock is in nobody’s way',
  interrupted: 'handlers of signals run while their process waits for a lock, and can end the wait',
  'async-in-order': 'those who wait in one event loop get the lock one after the other',
  'async-apart': 'event loops of several processes get it one at a time',
  'async-given-up': 'a wait in the event loop ends by time and by signal',
  'async-died': 'those who wait in the event loop are told that the holder was killed',
  'async-forked': 'the waits of a parent are not its child’s',
  closed: 'who waits for a lock that is closed is told',
  'closed-and-released': 'who has closed a lock that it holds can release it, and others get it',
  wrong: 'a time limit that cannot be is refused',
});
