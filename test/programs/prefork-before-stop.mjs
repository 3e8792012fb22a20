// A server whose beforeStop is as the second argument says: `fails`, or `hangs`.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const ways = {
  fails: () => Promise.reject(new Error('the registry is away')),
  hangs: () => new Promise(() => undefined),
};
const [options, how] = process.argv.slice(2);
await prefork(createServer(), {
  host: '127.0.0.1',
  ...JSON.parse(options),
  log: console.log,
  beforeStop: ways[how],
});
console.log('up');
