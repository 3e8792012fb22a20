// A request listener of CommonJS and what its workers do last, for `truefork serve`.
const { thisWorker } = require('truefork');

const app = (request, response) => response.end(JSON.stringify(thisWorker()));
app.beforeWorkerExit = () => console.log(`worker ${thisWorker().worker} of ${thisWorker().generation} is clean`);
module.exports = app;
