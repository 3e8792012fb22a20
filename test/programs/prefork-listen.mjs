// An HTTP server under prefork, with the options of the first argument (JSON) and no others. Its log goes to stdout, and
// where it listens.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const server = createServer((request, response) => response.end(String(process.pid)));
const master = await prefork(server, { workers: 1, ...JSON.parse(process.argv[2] ?? '{}'), log: console.log });
console.log(`address ${JSON.stringify(master.address)}`);
