// One child writes, the other reads until the end. The end comes when nobody can write any more, the parent neither.
import { _exit, fork, getpid, Pipe, pstree, waitpid, WNOHANG } from 'truefork';

const pipe = new Pipe();

const writer = fork();
if (writer === 0) {
  pipe.reader.close();
  for (const course of ['soup', 'noodles', 'tea']) pipe.writer.write(`${course}\n`);
  _exit(0);
}

const reader = fork();
if (reader === 0) {
  pipe.writer.close();
  const courses = pipe.reader.readText().trim().split('\n'); // Waits until the end.
  console.log(`reader: pid ${getpid()} has read to the end: ${courses.join(', ')}`);
  _exit(0);
}

pipe.reader.close();
waitpid(writer, 0);
console.log(`parent: pid ${getpid()}; the writer, pid ${writer}, has written all and is gone`);
console.log(`        ${pstree()}`);
const ended = waitpid(reader, WNOHANG).pid === reader;
console.log(`parent: the reader, pid ${reader}, ${ended ? 'has ended too' : 'still waits: I could write, too'}`);

pipe.writer.close();
waitpid(reader, 0);
console.log('parent: I have closed my end, and the reader has ended');
