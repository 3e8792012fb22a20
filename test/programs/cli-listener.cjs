// A request listener of CommonJS, for `truefork serve`.
module.exports = (request, response) => response.end(`cjs listener of ${request.url}\n`);
