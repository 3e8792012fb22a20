'use strict';
// node --require test/asan/load.cjs: the addon is the one under the sanitizers.
require('../support/load-build.cjs')(__dirname);
