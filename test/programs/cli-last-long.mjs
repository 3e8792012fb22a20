// A listener, for `truefork serve`, whose workers fail to clean up, and have much to say about it.
export default (_request, response) => response.end();

export function beforeWorkerExit() {
  throw Object.assign(new Error('€"'.repeat(50_000)), { stack: 'the stack' });
}
