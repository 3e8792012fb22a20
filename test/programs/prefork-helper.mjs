// An HTTP server under prefork, with the options of the first argument (JSON), one of whose processes forks a helper by itself:
// the `master` when all serve, the `mold` when it loads the application, a `worker` that is asked for /fork, or a listener of the
// master, of the next event of that name. Who calls beforeStop says so. The log goes to stdout, and the helper's pid. /loop: the worker does
// nothing else from then on.
import { createServer } from 'node:http';
import { fork, forkChild, waitpid } from 'truefork';
import { prefork } from 'truefork/prefork';

const [options, where] = process.argv.slice(2);

function help() {
  console.log(`helper=${process.pid}`);
  // What it has been told before, it has done by then.
  process.on('SIGUSR2', () => setImmediate(() => setImmediate(() => console.log('the helper has turned'))));
  if (where === 'worker') process.on('SIGTERM', () => console.log('the helper is told'));
  return new Promise(() => setInterval(() => undefined, 1_000));
}

function loopForever() {
  for (;;);
}

const server = createServer((request, response) => {
  if (request.url === '/loop') loopForever();
  if (request.url === '/fork' && fork() === 0) {
    request.socket.destroy();
    server.close();
    void help();
    return;
  }
  const body = String(process.pid);
  response.setHeader('Content-Length', body.length);
  response.end(body);
});

function load() {
  if (fork() === 0) void help();
  return server;
}

const master = await prefork(where === 'mold' ? load : server, {
  ...JSON.parse(options),
  log: console.log,
  beforeStop: () => console.log(`beforeStop in ${process.pid}`),
});
if (where === 'master') {
  const { exited } = await forkChild(help);
  void exited.then(({ signal, code }) => console.log(`helper ended ${signal ? `signal=${signal}` : `code=${code}`}`));
}
if (where === 'ready') {
  master.once(where, () => {
    if (fork() === 0) void help();
  });
}
if (where === 'stopping') {
  master.once(where, () => {
    // It has nothing more to do, and ends.
    const pid = fork();
    if (pid !== 0) waitpid(pid, 0);
  });
}
console.log('up');
