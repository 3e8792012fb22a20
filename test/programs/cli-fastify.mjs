// An app of Fastify with a hook at its end, for `truefork serve`.
import Fastify from 'fastify';

const app = Fastify({ keepAliveTimeout: 1000 });
app.get('/path', () => 'hello');
app.addHook('onClose', async () => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  console.log('onClose is done');
});
await app.ready();

export default app.server;
export const beforeWorkerExit = () => app.close();
