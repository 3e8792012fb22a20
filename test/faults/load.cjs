'use strict';
// node --require test/faults/load.cjs: the addon is the one whose system calls can be made to fail.
const addon = require('../support/load-build.cjs')(__dirname);

/** arm(call, inChild, nth, onward, errno), disarm(), count(): see faults.cc. */
module.exports = { faults: () => addon.exports.faults };
