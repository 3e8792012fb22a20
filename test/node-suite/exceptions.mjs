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

// After a warm-up, all tests that are started with a flag.
const flags = [
  {
    flag: /^--frozen-intrinsics\b/,
    reason: 'frozen, Math.random would give each child the same numbers, so that the fork is refused',
  },
  {
    // Given to `--import`, it is the loader's own file that registers it.
    flag: /^--(experimental-)?loader\b|\/es-module-loaders\//,
    reason: 'a loader of modules is a worker thread, live before the fork, which is refused then',
  },
];

/** Why this test cannot pass, if it is known to. */
export function explanation(test, warm) {
  const known = warm && flags.find(({ flag }) => flagsOf(test).some((given) => flag.test(given)));
  return known ? known.reason : exceptions.get(test.name);
}
