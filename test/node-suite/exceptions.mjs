// Tests that cannot pass in a forked child, each with the reason.
export const exceptions = new Map([
  [
    'parallel/test-inspector-contexts.js',
    'V8 names its main context after the pid of the process as it starts; the child has a copy of that name',
  ],
  [
    'parallel/test-inspector-runtime-evaluate-with-timeout.js',
    'fork() copies the calling thread only, and the thread of delayed tasks is not taken along: it ends the evaluation',
  ],
  [
    'parallel/test-os-checked-function.js',
    'not the fork: the test replaces what `os` is made of before `os` is loaded, but truefork has loaded it',
  ],
]);
