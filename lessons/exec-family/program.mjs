// exec makes a process another program: the pid stays, the program is new. What stands behind the call never runs.
import { dup2, execl, execle, execlp, execv, execve, execvp, fork, getpid, isPosixError, kill } from 'truefork';
import { Pipe, pstree, waitpid, WEXITSTATUS } from 'truefork';

function inChild(become) {
  const pid = fork();
  if (pid !== 0) return waitpid(pid, 0);
  become();
  console.log('nobody ever reads this');
}

// l: the arguments as a list in the call; v: as an array. p: looked for in PATH. e: with an environment of its own.
inChild(() => execl('/bin/echo', 'echo', 'execl:  the path, and the arguments one by one'));
inChild(() => execlp('echo', 'echo', 'execlp: a name that is in PATH'));
inChild(() => execv('/bin/echo', ['echo', 'execv:  the arguments as an array']));
inChild(() => execvp('echo', ['echo', 'execvp: both']));
inChild(() => execle('/usr/bin/env', 'env', { LESSON: 'execle: all of its environment' }));
inChild(() =>
  execve('/usr/bin/env', ['env'], { LESSON: 'execve: the call of the kernel, of which all others are made' }),
);

// It is the same process, and another program.
const [input, output] = [new Pipe(), new Pipe()];
const pid = fork();
if (pid === 0) {
  console.log(`node:   pid ${getpid()} becomes sh`);
  dup2(input.reader.fd, 0);
  dup2(output.writer.fd, 1);
  execlp('sh', 'sh', '-c', 'echo "pid $$, my parent is pid $PPID"; read line');
}
console.log(`sh:     ${String(output.reader.read()).trim()}`);
console.log(`        ${pstree()}`);
kill(pid, 'SIGKILL');
waitpid(pid, 0);

// Only an exec that fails comes back.
const { status } = inChild(() => {
  try {
    execlp('no-such-program', 'no-such-program');
  } catch (error) {
    if (!isPosixError(error, 'ENOENT')) throw error;
    console.log(`failed: ${error.code}; the child is still node, and has to end by itself`);
    process.exit(127);
  }
});
console.log(`parent: exit code ${WEXITSTATUS(status)}`);
