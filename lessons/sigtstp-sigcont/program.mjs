// A process can be stopped and go on later. SIGTSTP, which is Ctrl-Z, asks for it; SIGSTOP does not ask; SIGCONT is the end of
// both.
import {
  decodeWaitStatus,
  fork,
  getpid,
  kill,
  pause,
  pipe2,
  ps,
  read,
  setpgid,
  SIG_DFL,
  signal,
  waitpid,
  WCONTINUED,
  write,
  WUNTRACED,
} from 'truefork';

const [told, tell] = pipe2(0);
const pid = fork();

if (pid === 0) {
  setpgid(0, 0); // A job of its own, as a shell makes them. The kernel stops no process whose group nobody looks after.
  signal('SIGTSTP', (name) => {
    console.log(`child:  ${name}: not now`);
    signal('SIGTSTP', SIG_DFL);
    write(tell, Buffer.from('.'));
  });
  signal('SIGTERM', (name) => {
    console.log(`child:  ${name}: I end`);
    process.exit(0);
  });
  write(tell, Buffer.from('.'));
  for (;;) pause();
}

const untilToldByChild = () => read(told, Buffer.alloc(1));
const table = () =>
  ps({ parent: getpid() }).forEach(({ pid, state }) => console.log(`  ps:   pid ${pid} is in state ${state}`));

/** Sends a signal, and waits for what the kernel tells the parent. */
function send(name) {
  console.log(`parent: ${name}`);
  kill(pid, name);
  const { state, signal } = decodeWaitStatus(waitpid(pid, WUNTRACED | WCONTINUED).status);
  console.log(`parent: waitpid tells: ${state}${signal ? ` by ${signal}` : ''}`);
}

untilToldByChild();
console.log('parent: SIGTSTP, for which the child has a handler');
kill(pid, 'SIGTSTP');
untilToldByChild();
send('SIGTSTP');
table();
send('SIGCONT');
send('SIGSTOP');
console.log('parent: SIGTERM, which has to wait');
kill(pid, 'SIGTERM');
table();
console.log('parent: SIGCONT');
kill(pid, 'SIGCONT');
console.log(`parent: waitpid tells: ${decodeWaitStatus(waitpid(pid, 0).status).state}`);
