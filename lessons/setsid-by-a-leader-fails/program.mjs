// setsid() begins a session, with one group, with this process in it, and without a terminal. Who leads a group already cannot:
// its group would be in two sessions. So one forks first, and the child does it.
import {
  decodeWaitStatus,
  fork,
  forkpty,
  getpgrp,
  getpid,
  getsid,
  isPosixError,
  ps,
  read,
  setsid,
  waitpid,
} from 'truefork';

function tell(who) {
  const [{ tty }] = ps({ session: getsid(0) }).filter(({ pid }) => pid === getpid());
  console.log(`${who}: pid ${getpid()}, group ${getpgrp()}, session ${getsid(0)}, terminal: ${tty ?? 'none'}`);
}

// In a terminal, as from a shell: the child of forkpty() leads a session and a group, and has a terminal.
const { pid, master } = forkpty();

if (pid === 0) {
  tell('leader');
  try {
    setsid();
  } catch (error) {
    console.log(`leader: setsid() fails: ${error.code}, a ${error.name}`);
  }
  const child = fork();
  if (child === 0) {
    tell('child ');
    console.log(`child : setsid() answers session ${setsid()}`);
    tell('child ');
    process.exit(0);
  }
  waitpid(child, 0);
  tell('leader');
  process.exit(0);
}

// What they write to their terminal comes here.
const bytes = Buffer.alloc(1024);
try {
  for (;;) process.stdout.write(bytes.toString('utf8', 0, read(master, bytes)).replaceAll('\r', ''));
} catch (error) {
  if (!isPosixError(error, 'EIO')) throw error; // The last of them has closed it.
}
console.log(`waitpid: pid ${pid} has ${decodeWaitStatus(waitpid(pid, 0).status).state}`);
