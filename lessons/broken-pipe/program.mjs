// To write where nobody reads any more: EPIPE for who ignores SIGPIPE, as Node.js does, and the end for who does not.
import {
  BrokenPipeError,
  decodeWaitStatus,
  dup2,
  execlp,
  fork,
  getpid,
  P_PID,
  Pipe,
  pstree,
  SIG_DFL,
  signal,
  waitid,
  waitpid,
  WEXITED,
  WNOWAIT,
} from 'truefork';

const STDOUT = 1;

const broken = new Pipe();
broken.reader.close();
try {
  broken.writer.write('is anybody there?');
} catch (error) {
  if (!(error instanceof BrokenPipeError)) throw error;
  console.log(`parent: pid ${getpid()} has written and got ${error.code}: Node.js ignores SIGPIPE`);
}

const child = fork();
if (child === 0) {
  signal('SIGPIPE', SIG_DFL); // As in a C program.
  broken.writer.write('is anybody there?');
  console.log('nobody prints this: the process is gone by now');
}
waitid(P_PID, child, WEXITED | WNOWAIT); // Until it has ended; WNOWAIT leaves it a zombie.
console.log(`        ${pstree()}`);
console.log(`parent: pid ${child} was ended by ${decodeWaitStatus(waitpid(child, 0).status).signal}`);

// Why `yes | head -n 1` ends although yes never does by itself: exec gives yes the default back.
const pipe = new Pipe();
const yes = fork();
if (yes === 0) {
  dup2(pipe.writer.fd, STDOUT);
  execlp('yes', 'yes', 'on and on');
}
pipe.writer.close();
const [line] = pipe.reader.read(1000).toString().split('\n');
console.log(`parent: yes, pid ${yes}, says "${line}" as long as somebody reads it`);
pipe.reader.close();
console.log(`parent: yes, pid ${yes}, was ended by ${decodeWaitStatus(waitpid(yes, 0).status).signal}`);
