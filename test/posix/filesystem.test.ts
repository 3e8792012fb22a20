import { getcwd, umask } from 'truefork/posix';
import { holds, holdsOnEveryNode } from './cases';

test('getcwd is what Node says', () => {
  expect(getcwd()).toBe(process.cwd());
});

test('umask returns what was set before', () => {
  const before = umask(0o022);
  expect(umask(before)).toBe(0o022);
});

holdsOnEveryNode('posix-filesystem.mjs', {
  directory: 'chdir and fchdir change the directory for process.cwd() too, and a child goes its own way',
});
holds('posix-filesystem.mjs', {
  umask: 'new files and FIFOs do not have the bits of the umask; a child inherits it and has its own',
  root: 'after chroot in a child the root is another one, for process.cwd() too, and not for its parent',
  worker: 'a worker thread cannot change the directory or the root',
});
