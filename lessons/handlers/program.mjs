// What a signal does is the receiver's to say: a function, nothing at all, or what it does by default. Ctrl-C and Ctrl-\ are
// typed by this program into a terminal that it has made.
import {
  decodeWaitStatus,
  ECHO,
  forkpty,
  getpid,
  pause,
  ps,
  read,
  RLIMIT_CORE,
  setrlimit,
  SIG_DFL,
  SIG_IGN,
  signal,
  tcgetattr,
  TCSANOW,
  tcsetattr,
  waitpid,
  write,
} from 'truefork';

const { pid, master } = forkpty();

if (pid === 0) {
  const modes = tcgetattr(0);
  tcsetattr(0, TCSANOW, { ...modes, lflag: modes.lflag & ~ECHO }); // The keys themselves are not shown.
  setrlimit(RLIMIT_CORE, { cur: 0, max: 0 }); // SIGQUIT ends a program with a core dump: not in this folder.

  let interrupts = 0;
  signal('SIGINT', (name, number) => {
    interrupts++;
    console.log(`${name} is number ${number}, and I do not care`);
  });
  signal('SIGQUIT', SIG_IGN);
  console.log(`pid ${getpid()} has a handler for SIGINT and ignores SIGQUIT`);
  while (interrupts < 2) pause();

  signal('SIGQUIT', SIG_DFL);
  console.log('SIGQUIT has its default action again');
  pause();
}

/** The next line on the screen of the terminal. */
function screen() {
  const byte = Buffer.alloc(1);
  let line = '';
  while (!line.endsWith('\r\n')) line += byte.toString('utf8', 0, read(master, byte));
  return line.trimEnd();
}

function type(name, key) {
  console.log(`keyboard: ${name}`);
  write(master, Buffer.from(key));
}

console.log(`screen:   ${screen()}`);
const [{ tty }] = ps({ session: pid });
console.log(`ps:       pid ${pid} in the terminal ${tty}`);
type('Ctrl-C', '\x03');
console.log(`screen:   ${screen()}`);
type('Ctrl-\\', '\x1c');
type('Ctrl-C', '\x03');
console.log(`screen:   ${screen()}`);
console.log(`screen:   ${screen()}`);
type('Ctrl-\\', '\x1c');
const { status } = waitpid(pid, 0);
console.log(`waitpid:  pid ${pid} was ended by ${decodeWaitStatus(status).signal}`);
