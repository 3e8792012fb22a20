// With WNOHANG waitpid() does not block: if no child has ended, it says so, with pid 0, and the parent can work.
import { fork, getpid, isPosixError, Pipe, pstree, waitpid, WNOHANG } from 'truefork';

let earned = 0;
const work = () => earned++;

const gate = new Pipe();

if (fork() === 0) {
  gate.reader.read();
  console.log(`child:  pid ${getpid()} ends`);
  process.exit();
}

console.log(`parent: ${pstree()}`);
const early = waitpid(-1, WNOHANG);
console.log(`parent: waitpid(-1, WNOHANG) returned pid ${early.pid}: nobody has ended, I go to work`);
work();

gate.writer.write('you may end');
let ended;
while ((ended = waitpid(-1, WNOHANG)).pid === 0) work();
console.log(`parent: waitpid(-1, WNOHANG) returned pid ${ended.pid}, status ${ended.status}`);
console.log(`parent: worked meanwhile: ${earned > 0 ? 'yes' : 'no'}`);

try {
  waitpid(-1, WNOHANG);
} catch (error) {
  if (!isPosixError(error, 'ECHILD')) throw error;
  console.log(`parent: ${error.message}`);
}
