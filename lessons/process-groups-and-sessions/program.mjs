// Processes are in groups, and groups in sessions; a child is in those of its parent. A group has its number from its leader, and
// keeps it when the leader has ended. A signal to a group comes to all of it.
import { fork, getpid, kill, killpg, pause, ps, setpgid, setsid, wait, waitpid } from 'truefork';

function child() {
  const pid = fork();
  if (pid !== 0) return pid;
  for (;;) pause();
}

function table(title) {
  console.log(title);
  console.log('  PPID    PID   PGID    SID');
  for (const { ppid, pid, pgid, sid } of ps({ session: getpid() })) {
    console.log([ppid, pid, pgid, sid].map((number) => String(number).padStart(6)).join(' '));
  }
}

function lesson() {
  setsid();
  table('setsid(): a process with a session and a group of its own');
  const leader = child();
  const member = child();
  table('two children: they are in both');

  setpgid(leader, 0);
  table(`setpgid(pid ${leader}, 0): the first child leads a group`);
  setpgid(member, leader);
  table(`setpgid(pid ${member}, pid ${leader}): the second joins it`);

  kill(leader, 'SIGKILL');
  waitpid(leader, 0);
  table('the leader has ended: the group is there, and has its number');

  const other = child();
  setpgid(other, leader);
  table(`a third child joins group ${leader}`);

  killpg(leader, 'SIGTERM');
  console.log(`killpg(group ${leader}, 'SIGTERM')`);
  for (let n = 0; n < 2; n++) wait();
  table('both have ended, and the group with them');
}

// The lesson is in a child: whoever has started this program may have made it the leader of a group, and then it cannot have a
// session of its own.
const pid = fork();
if (pid === 0) {
  lesson();
  process.exit(0);
}
waitpid(pid, 0);
