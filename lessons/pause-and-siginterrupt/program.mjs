// pause() sleeps until a signal has been handled. A read() that a signal comes to either fails or goes on: siginterrupt() says
// which.
import { fork, getppid, kill, pause, pipe2, processStat, read, sched_yield, signal, siginterrupt } from 'truefork';
import { waitpid, write } from 'truefork';

const [reader, writer] = pipe2(0);
const buffer = Buffer.alloc(1);

signal('SIGUSR1', (name) => console.log(`  handler: ${name}`));

/** Makes a child that does this when we sleep, and has ended when we have waited for it. */
function whileWeSleep(act) {
  const pid = fork();
  if (pid !== 0) return pid;
  while (processStat(getppid()).state !== 'S') sched_yield();
  act();
  process.exit(0);
}

console.log('pause()');
let child = whileWeSleep(() => kill(getppid(), 'SIGUSR1'));
pause();
console.log('  it has returned, for a signal was handled');
waitpid(child, 0);

console.log("read(), after siginterrupt('SIGUSR1', true)");
siginterrupt('SIGUSR1', true);
child = whileWeSleep(() => kill(getppid(), 'SIGUSR1'));
try {
  read(reader, buffer);
} catch (error) {
  console.log(`  it has failed: ${error.code}`);
}
waitpid(child, 0);

console.log("read(), after siginterrupt('SIGUSR1', false)");
siginterrupt('SIGUSR1', false);
child = whileWeSleep(() => {
  kill(getppid(), 'SIGUSR1');
  write(writer, Buffer.from('x'));
});
const count = read(reader, buffer);
console.log(`  it has gone on, and read ${count} byte: '${buffer}'`);
pause(); // The handler has waited for the end of the read.
waitpid(child, 0);
