// The same app in a program of your own: `node examples/fastify/server.mjs`.
import { prefork } from 'truefork';

let app;
const load = async () => {
  app = await import('./app.mjs');
  return app.default;
};
const master = await prefork(load, {
  port: Number(process.env.PORT ?? 8080),
  log: console.error,
  beforeWorkerExit: () => app.beforeWorkerExit(),
});

console.log(`${master.workers.length} workers serve port ${master.address.port}`);
