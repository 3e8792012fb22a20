// What compilers make of an ES module that exports a listener and what its workers do last, for `truefork serve`.
'use strict';
Object.defineProperty(exports, '__esModule', { value: true });
const truefork = require('truefork');
exports.default = (request, response) => response.end(JSON.stringify(truefork.thisWorker()));
const beforeWorkerExit = () => {
  const { worker, generation } = truefork.thisWorker();
  console.log(`worker ${worker} of ${generation} is clean`);
};
exports.beforeWorkerExit = beforeWorkerExit;
