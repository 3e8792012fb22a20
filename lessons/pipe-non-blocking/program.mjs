// To read from an empty pipe is to wait. With O_NONBLOCK it is an error instead, EAGAIN, and the reader may do other things.
import {
  _exit,
  BlockingIOError,
  close,
  F_GETFD,
  F_GETFL,
  fcntl,
  FD_CLOEXEC,
  fork,
  getpid,
  O_CLOEXEC,
  O_NONBLOCK,
  Pipe,
  pipe2,
  poll,
  POLLIN,
  read,
  waitpid,
  write,
} from 'truefork';

const [readEnd, writeEnd] = pipe2(O_NONBLOCK | O_CLOEXEC);
console.log(`parent: does the pipe block? ${(fcntl(readEnd, F_GETFL) & O_NONBLOCK) === 0}`);
console.log(`parent: does exec close it?  ${(fcntl(readEnd, F_GETFD) & FD_CLOEXEC) !== 0}`);

const start = new Pipe(); // An ordinary pipe: the child waits for a word from it.
const child = fork();
if (child === 0) {
  close(readEnd);
  start.writer.close();
  start.reader.read();
  write(writeEnd, Buffer.from(`42, says pid ${getpid()}`));
  _exit(0);
}
close(writeEnd);

function look() {
  const buffer = Buffer.alloc(100);
  try {
    const count = read(readEnd, buffer);
    console.log(
      count > 0 ? `parent: "${buffer.toString('utf8', 0, count)}"` : 'parent: the end: nobody can write any more',
    );
  } catch (error) {
    if (!(error instanceof BlockingIOError)) throw error;
    console.log(`parent: ${error.code}: nothing there yet, so I do something else`);
  }
}

look();
look();
start.writer.write('go');
poll([{ fd: readEnd, events: POLLIN }], -1); // Better than to look again and again: sleeps until there is something.
look();
waitpid(child, 0);
look();
