import { PR_GET_DUMPABLE, prctl } from 'truefork/posix';
import { holds, thrownBy } from './cases';

describe('prctl', () => {
  test('answers what the option gives', () => {
    expect([0, 1]).toContain(prctl(PR_GET_DUMPABLE, 0));
  });

  test('of an option that there is not is an error', () => {
    expect(thrownBy(() => prctl(-1, 5))).toMatchObject({
      code: 'EINVAL',
      syscall: 'prctl',
      message: 'EINVAL: invalid argument, prctl(-1, 5)',
    });
  });
});

holds('posix-prctl.mjs', {
  dumpable: 'prctl makes a process dumpable, and undoes that',
  subreaper: 'prctl makes a process a subreaper, tells so, and undoes that; a fork is none',
  'death-signal': 'a process with PR_SET_PDEATHSIG gets the signal when its parent ends, and its forks do not',
  names: 'a thread has a name of 15 bytes, that of the main thread is the process’s, and a child begins with it',
  privileges: 'prctl sets what the process may, and tells it',
});
