// waitpid() fails in two ways that a server has to know: EINTR, a signal came first, and one asks again; ECHILD, there is nobody
// to wait for. The handler of a signal can be interrupted as well, by another one.
import {
  fork,
  getpid,
  getppid,
  isPosixError,
  kill,
  pause,
  pipe2,
  processStat,
  pstree,
  read,
  sched_yield,
  signal,
  waitpid,
  WNOHANG,
  write,
} from 'truefork';

const [told, tell] = pipe2(0);

/** A child that does this when somebody sends it a SIGTERM. */
function child(onTerm) {
  const pid = fork();
  if (pid === 0) {
    signal('SIGTERM', onTerm);
    write(tell, Buffer.from('.'));
    for (;;) pause();
  }
  read(told, Buffer.alloc(1)); // Until it has its handler.
  return pid;
}

/** When its parent sleeps, in waitpid(), sends it what Ctrl-C sends: as a user does who has no patience. */
function disturb() {
  while (processStat(getppid()).state !== 'S') sched_yield();
  kill(getppid(), 'SIGINT');
}

/** Waits for a child until there is an answer. */
function reap(pid) {
  for (;;) {
    try {
      waitpid(pid, 0);
      console.log(`  waitpid: pid ${pid} is reaped`);
      return;
    } catch (error) {
      console.log(`  waitpid: ${error.code}`);
      if (isPosixError(error, 'ECHILD')) return;
      if (!isPosixError(error, 'EINTR')) throw error;
    }
  }
}

console.log('two children');
const good = child(() => process.exit(0));
const stubborn = child(disturb);
console.log(`  ${String(pstree()).replaceAll('\n', '\n  ')}`);
console.log(`  waitpid(-1, WNOHANG) answers ${waitpid(-1, WNOHANG).pid}: they live`);

signal('SIGTERM', (name) => {
  console.log(`${name}: the children shall end`);
  for (const pid of [good, stubborn]) {
    kill(pid, 'SIGTERM');
    reap(pid);
  }
  console.log(`${name}: its handler is done`);
});
signal('SIGINT', (name) => {
  console.log(`  ${name}, in the midst of the other handler: SIGKILL for pid ${stubborn}`);
  kill(stubborn, 'SIGKILL');
});
kill(getpid(), 'SIGTERM');

console.log('once more');
reap(good);
