// A pseudoterminal has two ends. To a program its slave is a terminal; whoever has the master is keyboard and screen. Each terminal
// window has one, and each ssh.
import {
  close,
  decodeWaitStatus,
  forkpty,
  getpid,
  getsid,
  isatty,
  openpty,
  pause,
  read,
  signal,
  tcgetpgrp,
  tcgetwinsize,
  tcsetwinsize,
  ttyname,
  waitpid,
  write,
} from 'truefork';

const send = (fd, text) => write(fd, Buffer.from(text));

/** One line, as it comes to an end of a terminal. */
function line(fd) {
  const byte = Buffer.alloc(1);
  let text = '';
  while (!text.endsWith('\n') && read(fd, byte) > 0) text += byte;
  return text;
}

const shown = JSON.stringify;

console.log('openpty()');
const { master, slave } = openpty();
console.log(`  the slave is ${ttyname(slave)}; isatty(slave): ${isatty(slave)}`);
send(slave, 'hello\n');
console.log(`  the program writes "hello\\n", the screen gets ${shown(line(master))}`);
send(master, 'lx\x7fs\r');
console.log(`  typed: l x Backspace s Enter, the screen gets ${shown(line(master))}`);
console.log(`  the program reads ${shown(line(slave))}`);
send(master, '\x04');
console.log(`  typed: Ctrl-D, the program reads ${shown(line(slave))}, the end`);
close(slave);
close(master);

console.log('forkpty()');
const size = () => Object.values(tcgetwinsize(0)).join(' x ');
const { pid, master: screen } = forkpty(undefined, { rows: 24, cols: 80 });
if (pid === 0) {
  signal('SIGWINCH', (name) => console.log(`${name}: ${size()}`));
  console.log(`pid ${getpid()} leads session ${getsid(0)}; in the foreground is group ${tcgetpgrp(0)}; ${size()}`);
  pause();
  process.exit(3);
}
console.log(`  screen:  ${line(screen).trim()}`);
tcsetwinsize(screen, { rows: 50, cols: 132 });
console.log(`  screen:  ${line(screen).trim()}`);
try {
  line(screen);
} catch (error) {
  console.log(`  screen:  ${error.code}, nobody has the slave any more`);
}
console.log(`  waitpid: pid ${pid} has exited with ${decodeWaitStatus(waitpid(pid, 0).status).code}`);
