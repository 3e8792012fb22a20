// A signal that is sent is pending until it is delivered. While it is blocked it stays pending, and a second one of the same
// number is lost; real-time signals wait in a queue.
import { fork, getpid, kill, SIG_BLOCK, SIG_UNBLOCK, SIGRTMIN, signal, sigpending, sigprocmask } from 'truefork';
import { sigqueue, waitpid } from 'truefork';

const nameOf = (one) => (one === SIGRTMIN ? 'SIGRTMIN' : one);
const list = (signals) => signals.map(nameOf).join(' ') || 'none';
const blocked = () => sigprocmask(SIG_BLOCK, null);

for (const one of ['SIGINT', 'SIGUSR1', SIGRTMIN]) {
  signal(one, (name, _number, { value }) => console.log(`  handler: ${nameOf(name)}${value ? ` with ${value}` : ''}`));
}

console.log("kill(getpid(), 'SIGINT')");
kill(getpid(), 'SIGINT');

sigprocmask(SIG_BLOCK, ['SIGINT', 'SIGUSR1', SIGRTMIN, 'SIGKILL']);
console.log(`blocked: ${list(blocked())}. SIGKILL was asked for as well`);

console.log('SIGINT once, SIGUSR1 three times, SIGRTMIN three times');
kill(getpid(), 'SIGINT');
for (let n = 1; n <= 3; n++) kill(getpid(), 'SIGUSR1');
for (let n = 1; n <= 3; n++) sigqueue(getpid(), SIGRTMIN, n);
console.log(`pending: ${list(sigpending())}`);

const pid = fork();
if (pid === 0) {
  console.log(`  in a child: blocked: ${list(blocked())}; pending: ${list(sigpending())}`);
  process.exit(0);
}
waitpid(pid, 0);

for (const one of ['SIGUSR1', 'SIGINT', SIGRTMIN]) {
  console.log(`unblock ${nameOf(one)}`);
  sigprocmask(SIG_UNBLOCK, [one]);
}
console.log(`pending: ${list(sigpending())}`);
