// A server that is not told by which command it would be executed anew, and is to be.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const master = await prefork(createServer(), { host: '127.0.0.1', workers: 1 });
await master.upgrade().catch(({ code, message }) => console.log(code, message));
await master.stop();
