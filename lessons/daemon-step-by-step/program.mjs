// A daemon has let go of all that it was started with: its parent, group, session, directory, umask, terminal. Here one does so
// step by step, and a shell looks at it after each.
import { readFileSync, readlinkSync } from 'node:fs';
import { chdir, close, decodeWaitStatus, dup2, fork, getpid, kill, O_RDWR, open, pause, pipe2 } from 'truefork';
import { PR_SET_CHILD_SUBREAPER, prctl, ps, read, setpgid, setsid, umask, waitpid, write } from 'truefork';

const STEPS = 7;
const [reports, report] = pipe2(0);
const [goAhead, allow] = pipe2(0);

/** In the daemon: tells the shell what has been done, and goes on when the shell has looked. */
function done(step) {
  write(report, Buffer.from(`${getpid()} ${step}`));
  read(goAhead, Buffer.alloc(1));
}

function daemon() {
  done('0. a job of a shell');
  if (fork() !== 0) process.exit(0);
  done('1. fork(), and the parent exits: whoever has started it need not wait');
  setsid();
  done('2. setsid(): no session that ends with a terminal');
  if (fork() !== 0) process.exit(0);
  done('3. fork() again: it leads no session, and so can never get a terminal');
  chdir('/');
  done('4. chdir(): it is in nobody’s way');
  umask(0);
  done('5. umask(): its files get the permissions that it says');
  const nothing = open('/dev/null', O_RDWR);
  for (const fd of [0, 1, 2]) dup2(nothing, fd);
  close(nothing);
  done('6. dup2(): it reads and writes nothing');
  for (;;) pause(); // This is where it would work.
}

function look(pid, step) {
  const [{ ppid, pgid, sid }] = ps().filter((entry) => entry.pid === pid);
  console.log(step);
  console.log(`   pid ${pid}, parent ${ppid}, group ${pgid}, session ${sid}`);
  const of = (name) => `/proc/${pid}/${name}`;
  if (step.startsWith('4')) console.log(`   directory ${readlinkSync(of('cwd'))}`);
  if (step.startsWith('5')) console.log(`   umask ${/Umask:\s*(\d+)/.exec(readFileSync(of('status'), 'utf8'))[1]}`);
  if (step.startsWith('6'))
    console.log(`   descriptors ${[0, 1, 2].map((fd) => readlinkSync(of(`fd/${fd}`))).join(', ')}`);
}

function shell() {
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1); // Orphans come to it, as they come to process 1 otherwise.
  console.log(`shell: pid ${getpid()}`);
  let pid = fork();
  if (pid === 0) {
    setpgid(0, 0);
    daemon();
  }
  const buffer = Buffer.alloc(128);
  for (let n = 0; n < STEPS; n++) {
    const [, from, step] = /^(\d+) (.*)/s.exec(buffer.toString('utf8', 0, read(reports, buffer)));
    const before = pid;
    pid = Number(from);
    if (before !== pid) waitpid(before, 0); // It has forked this one, and exits.
    look(pid, step);
    write(allow, Buffer.from('.'));
  }
  kill(pid, 'SIGTERM');
  console.log(`shell: the daemon, pid ${pid}, was ended by ${decodeWaitStatus(waitpid(pid, 0).status).signal}`);
}

// The shell is a child: whoever leads a group cannot have a session of its own, and this process may lead one.
const pid = fork();
if (pid === 0) {
  shell();
  process.exit(0);
}
waitpid(pid, 0);
