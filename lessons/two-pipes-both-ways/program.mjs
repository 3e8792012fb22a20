// A pipe has one direction. Two children who talk to each other need two of them.
import { _exit, fork, getpid, getppid, Pipe, pstree, waitpid, WEXITSTATUS } from 'truefork';

const questions = new Pipe();
const answers = new Pipe();

const asker = fork();
if (asker === 0) {
  questions.reader.close();
  answers.writer.close();
  questions.writer.write('does it rain?');
  questions.writer.close(); // That was all: without this, both would wait for ever.
  console.log(`asker:    pid ${getpid()} heard "${answers.reader.readText()}"`);
  _exit(0);
}

const answerer = fork();
if (answerer === 0) {
  questions.writer.close();
  answers.reader.close();
  console.log(`answerer: pid ${getpid()} heard "${questions.reader.readText()}"`);
  console.log(`${pstree(getppid())}`);
  answers.writer.write('no, it snows');
  _exit(0);
}

// The parent takes no part in it.
questions.close();
answers.close();
for (const pid of [asker, answerer]) {
  console.log(`parent:   pid ${pid} has ended with ${WEXITSTATUS(waitpid(pid, 0).status)}`);
}
