// What its workers should do last is no function, for `truefork serve`.
export default (request, response) => response.end();
export const beforeWorkerExit = 'close the pool';
