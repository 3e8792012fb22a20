import { getitimer, setitimer } from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';

test.each([-1, 3, 99])('timer %d does not exist: EINVAL', (which) => {
  expect(thrownBy(() => setitimer(which, 0, 0))).toMatchObject({ code: 'EINVAL', syscall: 'setitimer' });
  expect(thrownBy(() => getitimer(which))).toMatchObject({ code: 'EINVAL', syscall: 'getitimer' });
});

holds('posix-timer.mjs', {
  previous: 'setitimer returns what was set before',
  rounding: 'times are kept to the microsecond, rounded up, and as they are written',
  'counts-down': 'getitimer counts down',
  repeats: 'a timer with an interval sends a signal again and again',
  'processor-time': 'ITIMER_VIRTUAL and ITIMER_PROF send SIGVTALRM and SIGPROF to a process that works',
  'ends-the-process': 'SIGALRM without a handler ends the process',
});
holdsOnEveryNode('posix-timer.mjs', {
  tiny: 'a tiny time does not round to 0, which would turn the timer off',
  'child-has-none': 'a forked child has no timers, and its own do not touch its parent’s',
});
