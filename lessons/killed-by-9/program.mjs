// `kill -9` sends signal 9, which no process can handle, and the parent learns that it was that.
import { fork, getpid, kill, Pipe, pstree, waitpid, WEXITSTATUS, WIFEXITED, WIFSIGNALED, WTERMSIG } from 'truefork';

const ready = new Pipe();
const pid = fork();

if (pid === 0) {
  process.on('SIGTERM', () => {
    console.log('child:  SIGTERM? I go on');
    ready.writer.write('going on');
  });
  console.log(`child:  pid ${getpid()} does not do as it is told`);
  ready.writer.write('ready');
  setInterval(() => undefined, 1000);
} else {
  ready.reader.read();
  console.log(`parent: ${pstree()}`);

  kill(pid, 'SIGTERM');
  ready.reader.read(); // Until its handler has run.

  kill(pid, 'SIGKILL'); // What `kill -9` does.
  const { status } = waitpid(pid, 0);
  console.log(`parent: child ${pid} has ended, status ${status}`);
  if (WIFEXITED(status)) console.log(`parent: by itself, with exit code ${WEXITSTATUS(status)}`);
  if (WIFSIGNALED(status)) console.log(`parent: by signal ${WTERMSIG(status)}`);
  console.log(`parent: ${pstree()}`);
}
