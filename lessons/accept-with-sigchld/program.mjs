// A server that forks for each connection, and hears of the end of a child by SIGCHLD. The signal comes while the server waits
// for the next connection: accept() is interrupted, and has to be called again.
import {
  accept4,
  AF_INET,
  bind,
  close,
  connect,
  fork,
  getpid,
  getsockname,
  isPosixError,
  listen,
  pipe2,
  pstree,
  read,
  SIG_DFL,
  signal,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  socket,
  waitpid,
  WNOHANG,
  write,
} from 'truefork';

const CLIENTS = 3;
const buffer = Buffer.alloc(64);

const listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
bind(listener, '127.0.0.1', 0);
listen(listener, CLIENTS);
const { address, port } = getsockname(listener);
console.log(`server: pid ${getpid()} listens on ${address}, port ${port}`);

// So that the output has one order, a client comes when the server says so.
const [turns, nextClient] = pipe2(0);

const clients = fork();
if (clients === 0) {
  for (let n = 0; n < CLIENTS; n++) {
    read(turns, Buffer.alloc(1));
    const connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connect(connection, address, port);
    write(connection, Buffer.from('Hello, world'));
    console.log(`client: '${buffer.toString('utf8', 0, read(connection, buffer))}'`);
    close(connection);
  }
  read(turns, Buffer.alloc(1));
  process.exit(0);
}

// Signals of one kind that come together are one: there may be several children to wait for.
let reaped = 0;
signal('SIGCHLD', (name) => {
  for (let found = waitpid(-1, WNOHANG); found.pid > 0; found = waitpid(-1, WNOHANG)) {
    console.log(`server: ${name}: pid ${found.pid} is reaped`);
    reaped++;
  }
});

function serve(connection) {
  if (fork() === 0) {
    close(listener);
    console.log(`child:  pid ${getpid()} serves a connection`);
    write(connection, buffer.subarray(0, read(connection, buffer)));
    read(connection, buffer); // Until the client has closed it.
    process.exit(0);
  }
  close(connection);
}

write(nextClient, Buffer.from('.'));
while (reaped < CLIENTS) {
  try {
    serve(accept4(listener, SOCK_CLOEXEC));
  } catch (error) {
    if (!isPosixError(error, 'EINTR')) throw error;
    console.log(`server: accept: ${error.code}, again`);
    if (reaped < CLIENTS) write(nextClient, Buffer.from('.'));
  }
}

console.log(String(pstree()));
signal('SIGCHLD', SIG_DFL);
write(nextClient, Buffer.from('.'));
waitpid(clients, 0);
