// A program that crashes is started again by another one, which looks after it at each beat of a timer.
import { abort, decodeWaitStatus, fork, getpid, ITIMER_REAL, kill, pause, ps, RLIMIT_CORE, setitimer } from 'truefork';
import { setrlimit, signal, waitpid, WNOHANG } from 'truefork';

const STARTS = 3;
let starts = 0;
let child;

/** The program, which is full of mistakes. */
function program() {
  setrlimit(RLIMIT_CORE, { cur: 0, max: 0 }); // It leaves no core dump in this folder.
  console.log(`program:   pid ${getpid()} runs`);
  abort();
}

function start() {
  starts++;
  child = fork();
  if (child === 0) program();
}

function heartbeat() {
  const [{ pid, state }] = ps({ parent: getpid() });
  if (state !== 'Z') return; // It lives.
  kill(pid, 0); // This says that there is such a process: it would not have noticed.
  console.log(`heartbeat: pid ${pid} is in state ${state}`);
  const { status } = waitpid(pid, WNOHANG);
  console.log(`heartbeat: pid ${pid} was ended by ${decodeWaitStatus(status).signal}`);
  if (starts < STARTS) start();
  else child = undefined;
}

signal('SIGALRM', heartbeat);
start();
setitimer(ITIMER_REAL, 0.1, 0.2);
while (child !== undefined) pause();
setitimer(ITIMER_REAL, 0, 0);
console.log(`heartbeat: ${starts} starts are enough`);
