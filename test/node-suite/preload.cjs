// `node --require preload.cjs TEST`: the test runs in a forked child of a process that has just started.
'use strict';
const { isMainThread } = require('node:worker_threads');

// A worker thread preloads what the main thread has preloaded.
if (isMainThread) {
  const { forgetModules, goOnInChild } = require('./go-on-in-child.cjs');
  delete require.cache[__filename];
  forgetModules();
  // What the test starts with its own options is a plain Node.js, not one that forks.
  const { execArgv } = process;
  const option = execArgv.indexOf('--require');
  if (execArgv[option + 1] === __filename) execArgv.splice(option, 2);
  goOnInChild();
}
