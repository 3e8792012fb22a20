// Each worker loads the application itself: that is what cluster is.
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { application } from './application.mjs';

if (cluster.isPrimary) {
  const start = performance.now();
  let listening = 0;
  for (let n = 0; n < 4; n++) {
    cluster.fork().on('listening', () => {
      if (++listening < 4) return;
      console.log(performance.now() - start);
      for (const worker of Object.values(cluster.workers)) worker.kill();
    });
  }
} else {
  createServer(await application(process.argv[2])).listen(0, '127.0.0.1');
}
