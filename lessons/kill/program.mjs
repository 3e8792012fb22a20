// kill() sends a signal. SIGKILL is the one that nobody survives, and 0 the one that only asks who is there.
import { decodeWaitStatus, fork, getpid, kill, P_PID, pause, pipe2, pstree, read } from 'truefork';
import { WEXITED, WNOWAIT, waitid, waitpid, write } from 'truefork';

const [told, tell] = pipe2(0);
const pid = fork();

if (pid === 0) {
  console.log(`child:  pid ${getpid()}, I stay for ever`);
  write(tell, Buffer.from('.'));
  for (;;) pause();
}

const isThere = () => {
  try {
    kill(pid, 0);
    return 'there is one';
  } catch (error) {
    return error.code;
  }
};

read(told, Buffer.alloc(1)); // Until the child has said so.
console.log(`        ${pstree()}`);
console.log(`parent: kill(pid, 0): ${isThere()}`);

console.log("parent: kill(pid, 'SIGKILL')");
kill(pid, 'SIGKILL');
waitid(P_PID, pid, WEXITED | WNOWAIT); // Until it has ended. It stays as it is: a zombie.
console.log(`        ${pstree()}`);
console.log(`parent: kill(pid, 0): ${isThere()}`);

const { status } = waitpid(pid, 0);
console.log(`parent: waitpid(pid, 0): status ${status}, ${decodeWaitStatus(status).signal}`);
console.log(`        ${pstree()}`);
console.log(`parent: kill(pid, 0): ${isThere()}`);
