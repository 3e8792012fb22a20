// What compilers make of an ES module that exports a listener, for `truefork serve`.
'use strict';
Object.defineProperty(exports, '__esModule', { value: true });
exports.default = (request, response) => response.end(`compiled listener of ${request.url}\n`);
