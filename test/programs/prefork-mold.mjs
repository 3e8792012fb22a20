// A family whose application a mold loads: OPTIONS (JSON), and the FILE that exports the server. Its log goes to stdout.
import { pathToFileURL } from 'node:url';
import { prefork } from 'truefork/prefork';

const [options, file] = process.argv.slice(2);
await prefork(
  async () => {
    const { default: server } = await import(pathToFileURL(file).href);
    return server;
  },
  { host: '127.0.0.1', ...JSON.parse(options), log: console.log },
);
if (globalThis.loaded) throw new Error('the master has loaded the application');
console.log('up');
