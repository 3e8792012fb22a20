// The same app in a program of your own: `node examples/koa/server.mjs`.
import { createAppServer, prefork } from 'truefork';

const load = async () => createAppServer((await import('./app.mjs')).default);
const master = await prefork(load, { port: Number(process.env.PORT ?? 8080), log: console.error });

console.log(`${master.workers.length} workers serve port ${master.address.port}`);
