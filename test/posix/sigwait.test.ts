import { holds, holdsOnEveryNode } from './cases';

describe('signals that are blocked', () => {
  holdsOnEveryNode('posix-sigwait.mjs', {
    pending: 'are pending until they are let in, also with the default action',
    sigwait: 'are taken by sigwait and sigwaitinfo, which their handlers do not see',
    sigsuspend: 'come in sigsuspend, whose mask holds for its handlers; none is lost before it sleeps',
  });
  holds('posix-sigwait.mjs', {
    sigtimedwait: 'are waited for by sigtimedwait for a time; others interrupt it, and sigwait goes on',
  });
});

holds('posix-sigwait.mjs', {
  pause: 'pause ends with each signal that is handled, and with the process by the default action',
  sending: 'sigqueue, pidfd_send_signal and raise send signals, or fail as kill does',
  alarms: 'a read is interrupted as often as an alarm comes',
});
