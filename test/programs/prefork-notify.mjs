// A server that has no descriptor free at the moment at which it is ready. The argument are the options (JSON).
import { createServer } from 'node:http';
import { getrlimit, RLIMIT_NOFILE, setrlimit } from 'truefork';
import { prefork } from 'truefork/prefork';

const limit = getrlimit(RLIMIT_NOFILE);
const beforeReady = () => setrlimit(RLIMIT_NOFILE, { ...limit, cur: 0 });
await prefork(createServer(), { host: '127.0.0.1', ...JSON.parse(process.argv[2]), beforeReady, log: console.log });
setrlimit(RLIMIT_NOFILE, limit);
console.log('up');
