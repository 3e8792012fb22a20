// The application is loaded before "start", once: that is what prefork is.
import { createAppServer, prefork } from 'truefork';
import { application } from './application.mjs';

const server = createAppServer(await application(process.argv[2]));
const start = performance.now();
const master = await prefork(server, { host: '127.0.0.1', workers: 4 });
console.log(performance.now() - start);
await master.stop({ quick: true });
