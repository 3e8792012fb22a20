// A server that forks for each connection, and forgets its children: each of them stays as a zombie when it has ended.
import { accept4, AF_INET, bind, close, connect, fork, getpid, getsockname, listen, P_PID, ps } from 'truefork';
import { pstree, read, SOCK_CLOEXEC, SOCK_STREAM, socket, WEXITED, WNOWAIT, waitid, waitpid, write } from 'truefork';

const CLIENTS = 3;
const buffer = Buffer.alloc(64);

const listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
bind(listener, '127.0.0.1', 0);
listen(listener, CLIENTS);
const { address, port } = getsockname(listener);
console.log(`server: pid ${getpid()} listens on ${address}, port ${port}`);

/** A client, in a process of its own. */
function client() {
  const pid = fork();
  if (pid !== 0) return pid;
  const connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  connect(connection, address, port);
  write(connection, Buffer.from('Hello, world'));
  console.log(`client: '${buffer.toString('utf8', 0, read(connection, buffer))}'`);
  process.exit(0);
}

/** Serves one connection in a child, which says back what it reads. */
function serve(connection) {
  const pid = fork();
  if (pid === 0) {
    close(listener);
    console.log(`child:  pid ${getpid()} serves a connection`);
    write(connection, buffer.subarray(0, read(connection, buffer)));
    process.exit(0);
  }
  close(connection);
  return pid;
}

const handlers = [];
for (let n = 0; n < CLIENTS; n++) {
  const pid = client();
  handlers.push(serve(accept4(listener, SOCK_CLOEXEC)));
  waitpid(pid, 0); // For the client alone.
}

// Until they have ended. WNOWAIT leaves them as they are.
for (const pid of handlers) waitid(P_PID, pid, WEXITED | WNOWAIT);
console.log(String(pstree()));
for (const { pid, ppid, state } of ps({ parent: getpid() }))
  console.log(`ps: pid ${pid}, parent ${ppid}, state ${state}`);

console.log('server: waits for them at last');
for (const pid of handlers) waitpid(pid, 0);
console.log(String(pstree()));
