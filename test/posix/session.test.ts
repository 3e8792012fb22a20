import { getpgid, getpgrp, getpid, getsid, tcgetpgrp } from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';

test('0 is this process', () => {
  expect([getpgid(0), getsid(0)]).toEqual([getpgid(getpid()), getsid(getpid())]);
  expect(getpgrp()).toBe(getpgid(0));
});

test('what is no terminal has no process group in the foreground', () => {
  expect(thrownBy(() => tcgetpgrp(process.stdin.fd))).toMatchObject({ syscall: 'tcgetpgrp', fd: process.stdin.fd });
});

holdsOnEveryNode('posix-session.mjs', {
  groups:
    'a process makes a group or joins one, by itself or by its parent; a group is signalled and waited for as one',
});
holds('posix-session.mjs', {
  mistakes: 'a group that cannot be joined, and a process that cannot, are EPERM, ESRCH, EACCES after exec, or EINVAL',
  sessions: 'setsid makes a session and a group, which children are in until they leave; the dead are in none',
  terminal: 'the terminal belongs to one group of its session, which tcsetpgrp changes; from the background it stops',
});
