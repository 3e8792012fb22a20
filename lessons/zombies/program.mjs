// A process that has ended, and for which its parent has not waited, is a zombie: it keeps its pid and its exit code.
import { fork, getpid, kill, P_PID, ps, pstree, waitid, waitpid, WEXITED, WEXITSTATUS, WNOWAIT } from 'truefork';

function show() {
  console.log(`        ${pstree()}`);
  for (const { pid, state, rss } of ps({ parent: getpid() })) {
    console.log(`        pid ${pid}: state ${state}, ${rss} bytes of memory`);
  }
}

const pid = fork();

if (pid === 0) {
  console.log(`child:  pid ${getpid()} ends with exit code 7`);
  process.exit(7);
}

waitid(P_PID, pid, WEXITED | WNOWAIT); // Until it has ended. With WNOWAIT the child stays as it is: not waited for.
console.log('parent: my child has ended, and I am busy with other things');
show();

kill(pid, 'SIGKILL');
console.log('parent: I have killed it with signal 9, and there it is');
show();

const { status } = waitpid(pid, 0);
console.log(`parent: I have waited for it, and know its exit code, ${WEXITSTATUS(status)}`);
show();
