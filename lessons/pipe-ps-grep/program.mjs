// What a shell does for `ps | grep`: a pipe, two forks, dup2 and exec.
import { close, dup2, execlp, fork, getpid, pipe, Pipe, waitpid, WEXITSTATUS } from 'truefork';

const STDIN = 0;
const STDOUT = 1;

const me = getpid();
console.log(`parent: pid ${me} does what a shell does for: ps -A -o ppid,pid,comm | grep -E "PPID|^ *$$ "`);

const [readEnd, writeEnd] = pipe();
const started = new Pipe(); // Its ends are close-on-exec.

const grep = fork();
if (grep === 0) {
  close(writeEnd);
  dup2(readEnd, STDIN); // What grep reads comes out of the pipe, …
  close(readEnd);
  execlp('grep', 'grep', '-E', `PPID|^ *${me} `);
  console.log('nobody prints this: the process is grep by now');
}

// exec closes the child's end of this pipe, and the read ends: so ps will not see a copy of node, but grep.
started.writer.close();
started.reader.read();

const ps = fork();
if (ps === 0) {
  close(readEnd);
  dup2(writeEnd, STDOUT); // … and what ps prints goes into it.
  close(writeEnd);
  execlp('ps', 'ps', '-A', '-o', 'ppid,pid,comm');
}

// The parent neither writes nor reads. If it kept the end to write to, grep would wait for the end of the pipe for ever.
close(readEnd);
close(writeEnd);
const codes = [ps, grep].map((pid) => WEXITSTATUS(waitpid(pid, 0).status));
console.log(`parent: ps, pid ${ps}, ended with ${codes[0]}; grep, pid ${grep}, ended with ${codes[1]}`);
