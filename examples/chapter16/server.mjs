// The server of chapter 16 of the juejin RPC booklet, in the raw calls: ten forks accept on one socket; their parent registers
// it, when they are there, and looks after them. The nodes and frames are those of the booklet, so that its clients find it.
//
//   node server.mjs [HOST [PORT [REGISTRY_URL]]]       such as 127.0.0.1 8080 zk://127.0.0.1:2181/demo
//
// What it leaves out, and `truefork serve` has: children that have died are not replaced.
// https://github.com/pyloque/juejin_rpc_py
import {
  AF_INET,
  bind,
  fork,
  getsockname,
  isPosixError,
  kill,
  listen,
  setsockopt,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  socket,
  SOL_SOCKET,
  SOMAXCONN,
  waitpid,
  WNOHANG,
} from 'truefork';
import { connectRegistry } from 'truefork/discovery';
import { booklet, createRpcServer } from 'truefork/rpc';

const CHILDREN = 10;
const SERVICE = 'rpc';
const ends = ['SIGINT', 'SIGTERM'];

const [host = '127.0.0.1', port = '0', url] = process.argv.slice(2);

const fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
bind(fd, host, Number(port));
listen(fd, SOMAXCONN);
const address = { host, port: getsockname(fd).port };

/** The children that have not been waited for. */
const children = new Set();
const parent = process.pid;
for (let n = 0; n < CHILDREN; n++) {
  const pid = fork();
  if (pid === 0) break;
  children.add(pid);
}
if (process.pid === parent) await lookAfter();
else serve();

/** A child: accepts, and ends when it is told to, or its parent is gone. */
function serve() {
  const server = createRpcServer(booklet).listen({ fd });
  const stop = () => {
    // It takes no more calls, answers those that it has, and has then nothing more to do.
    server.close();
    clearInterval(orphaned);
  };
  const orphaned = setInterval(() => {
    if (process.ppid !== parent) stop();
  }, 1000);
  for (const signal of ends) process.on(signal, stop);
}

/** The parent: does not accept itself. */
async function lookAfter() {
  process.on('SIGCHLD', reap);
  // Those that ended before there was a handler.
  reap();
  // Only now: no child has anything of the session, and who finds the address finds children that accept.
  const registry = await connectRegistry(url);
  await registry.register(SERVICE, address);
  console.log(`parent ${parent} has registered ${SERVICE} at ${address.host}:${address.port}`);
  console.log(`children ${[...children].join(' ')}`);

  let isEnding = false;
  const alive = setInterval(() => {}, 2 ** 30);
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    // First, so that nobody is sent to a server that ends.
    await registry.close();
    process.off('SIGCHLD', reap);
    for (const pid of children) endOf(pid);
    clearInterval(alive);
    console.log('all have ended');
  };
  for (const signal of ends) process.on(signal, end);
}

/** Waits for all that have ended: signals that come at once are one. */
function reap() {
  for (;;) {
    try {
      const { pid } = waitpid(-1, WNOHANG);
      if (pid === 0) return;
      children.delete(pid);
      console.log(`reaped ${pid}`);
    } catch (error) {
      if (isPosixError(error, 'ECHILD')) return;
      if (!isPosixError(error, 'EINTR')) throw error;
    }
  }
}

/** Tells a child to end, and waits until it has. */
function endOf(pid) {
  try {
    kill(pid, 'SIGINT');
  } catch (error) {
    if (!isPosixError(error, 'ESRCH')) throw error;
  }
  for (;;) {
    try {
      waitpid(pid, 0);
      return;
    } catch (error) {
      // It was waited for already.
      if (isPosixError(error, 'ECHILD')) return;
      if (!isPosixError(error, 'EINTR')) throw error;
    }
  }
}
