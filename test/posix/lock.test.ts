import { holds } from './cases';

holds('posix-descriptor-calls.mjs', {
  'record-locks': 'a record lock is its process’s: a child has none, F_GETLK tells whose it is, and a close frees it',
  'record-lock-waits': 'F_SETLKW waits until the lock is freed',
  deadlock: 'who would wait for one that waits for it gets EDEADLK',
  lockf: 'lockf locks, tests and frees a range from the offset on',
  flock: 'flock locks a file for all who share the open file, children too',
});
