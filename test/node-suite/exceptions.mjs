// Tests that cannot pass in a forked child, each with the reason.
import { flagsOf } from './tests.mjs';

const exceptions = new Map([
  [
    'parallel/test-inspector-contexts.js',
    'V8 names its main context after the pid of the process as it starts; the child has a copy of that name',
  ],
  [
    'parallel/test-os-checked-function.js',
    'not the fork: the test replaces what `os` is made of before `os` is loaded, but truefork has loaded it',
  ],
]);

/** Why this test cannot pass, if it is known to. */
export function explanation(test, warm) {
  const usesLoader = flagsOf(test).some((flag) => /^--(experimental-)?loader\b/.test(flag));
  if (warm && usesLoader) return 'a loader of modules is a worker thread, live before the fork, which is refused then';
  return exceptions.get(test.name);
}
