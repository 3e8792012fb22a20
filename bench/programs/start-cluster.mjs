import cluster from 'node:cluster';
import http from 'node:http';

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
  http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
}
