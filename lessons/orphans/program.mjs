// A process whose parent ends before it does is an orphan: it gets another parent, process 1 or a subreaper.
import { fork, getpid, getppid, Pipe, pstree, waitpid } from 'truefork';

const grandparent = getpid();
const [born, orphaned, over] = [new Pipe(), new Pipe(), new Pipe()];

const parent = fork();

if (parent === 0) {
  if (fork() === 0) {
    const first = getppid();
    console.log(`child:       pid ${getpid()}, my parent is pid ${first}`);
    console.log(`             ${pstree(grandparent)}`);
    born.writer.write('born');
    orphaned.reader.read();
    console.log(
      `child:       pid ${getpid()}, my parent is pid ${getppid()}: ${first === getppid() ? 'the same' : 'another'}`,
    );
    process.exit();
  }
  born.reader.read();
  console.log(`parent:      pid ${getpid()} ends, and does not wait for its child`);
  process.exit();
}

waitpid(parent, 0);
console.log(`grandparent: pid ${grandparent}, and who is left of my family`);
console.log(`             ${pstree(grandparent)}`);
orphaned.writer.write('orphaned');

// Only a parent can wait for a child. But a pipe has its end when the last who could write to it is gone.
over.writer.close();
over.reader.readAll();
console.log(`grandparent: the orphan has ended; to wait for it is the business of who has adopted it`);
