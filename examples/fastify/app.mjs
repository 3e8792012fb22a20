// An app of Fastify: `truefork serve examples/fastify/app.mjs --port 8080`.
import Fastify from 'fastify';

// By itself Fastify keeps idle connections for 72 seconds: a worker that is replaced waits for its clients.
const app = Fastify({ keepAliveTimeout: 5000 });

app.get('/', () => `hello from ${process.pid}\n`);

await app.ready(); // Not listen(): truefork does that.

export default app.server;

// The hooks of `onClose`: when the worker has answered all.
export const beforeWorkerExit = () => app.close();
