'use strict';
// The package loads its addon from build/Release. For a program that is started with a --require of a file that calls
// this, it is the build of another folder.
const { join } = require('node:path');

const product = join(__dirname, '..', '..', 'build', 'Release', 'truefork.node');

/** @returns what that addon exports, once the package has been loaded */
module.exports = function loadBuild(folder) {
  const addon = { exports: undefined };
  const { dlopen } = process;
  process.dlopen = (module, path, ...flags) => {
    if (path !== product) return dlopen.call(process, module, path, ...flags);
    dlopen.call(process, module, join(folder, 'build', 'Release', 'truefork.node'), ...flags);
    addon.exports = module.exports;
  };
  return addon;
};
