// The application that APPLICATION names under node:cluster, as its documentation has it: a worker that ends is forked anew.
// NODE_CLUSTER_SCHED_POLICY says who accepts. pm2 runs it too, whose workers are those of a cluster, and tells them to end by SIGINT.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { served } from './application.mjs';

if (cluster.isPrimary) {
  for (let n = 0; n < Number(process.env.WORKERS); n++) cluster.fork();
  // SIGTERM of one worker takes it away.
  cluster.on('exit', (worker, code, signal) => {
    if (signal !== 'SIGTERM') cluster.fork();
  });
  // It outlives its workers.
  setInterval(() => undefined, 2 ** 30);
} else {
  const server = await served(createServer);
  process.once('SIGINT', () => server.close(() => process.exit()));
  server.listen(Number(process.env.PORT), '127.0.0.1');
}
