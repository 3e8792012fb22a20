import { holds, holdsOnEveryNode } from './cases';

holdsOnEveryNode('posix-sleep.mjs', {
  sleep: 'sleep returns what was left, nanosleep throws it, sleepThrough sleeps on; the handlers have run',
});
holds('posix-sleep.mjs', {
  alarm: 'alarm returns the seconds that were left, sends a SIGALRM, and is no child’s',
  timerfd: 'a timer as a descriptor counts how often its time has come',
});
