// Daemons, as a program that becomes one sees it. The first argument names the case, the second a directory for its files.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fork, mkfifo, O_RDONLY, open } from 'truefork';
import { daemonize } from 'truefork/daemon';

const [, , name, folder] = process.argv;
const logFile = join(folder, 'log');

function sessionOf(pid) {
  const [, ppid, group, session, terminal] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return { ppid: Number(ppid), group: Number(group), session: Number(session), terminal: Number(terminal) };
}

const cases = {
  state() {
    const before = sessionOf(process.pid);
    const umask = process.umask();
    const daemon = daemonize({ logFile, umask: 0o27 });
    const after = sessionOf(process.pid);
    const descriptors = [0, 1, 2].map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
    const own = { pid: process.pid, cwd: process.cwd(), umask: process.umask(), descriptors };
    writeFileSync(join(folder, 'state'), JSON.stringify({ before, umask, after, ...own }));
    console.log('to stdout');
    console.error('to stderr');
    spawnSync('echo', ['of a child'], { stdio: 'inherit' });
    daemon.ready();
    daemon.ready();
    daemon.failed('too late\n', 5);
  },

  'as-it-is'() {
    process.umask(0o77);
    process.chdir(folder);
    const daemon = daemonize({ cwd: '.' });
    const log = readlinkSync('/proc/self/fd/1');
    writeFileSync('state', JSON.stringify({ cwd: process.cwd(), umask: process.umask(), log }));
    daemon.ready();
  },

  fails() {
    daemonize({ logFile }).failed('no luck today\n', 42);
  },

  throws() {
    daemonize({ logFile });
    throw new Error('a mistake in the daemon');
  },

  'exits-early'() {
    daemonize({ logFile });
  },

  'exits-with-code'() {
    daemonize({ logFile });
    process.exit(9);
  },

  killed() {
    daemonize({ logFile });
    process.kill(process.pid, 'SIGKILL');
  },

  // A child of the daemon neither tells for it, nor keeps the starter waiting: it ends when somebody opens the FIFO.
  forks() {
    const fifo = join(folder, 'fifo');
    mkfifo(fifo, 0o600);
    const daemon = daemonize({ logFile });
    if (fork() === 0) {
      open(fifo, O_RDONLY);
      process.exit(3);
    }
    daemon.ready();
  },

  'long-text'() {
    daemonize({ logFile }).failed(`${'x'.repeat(200_000)}\n`, 1);
  },

  // What cannot be is told before there is a daemon, and nothing is changed.
  mistakes() {
    process.chdir(folder);
    const descriptors = () => readdirSync('/proc/self/fd').join();
    console.log('mistakes');
    const before = descriptors();
    for (const options of [
      null,
      { cwd: 1 },
      { cwd: '' },
      { umask: -1 },
      { umask: 0o1000 },
      { umask: '022' },
      { logFile: '' },
      { logFile: join(folder, 'missing', 'log') },
      { logFile: folder },
      { cwd: join(folder, 'missing') },
    ]) {
      try {
        daemonize(options);
      } catch (error) {
        console.log(error.code);
      }
    }
    console.log(process.cwd() === folder && descriptors() === before);
  },
};

await cases[name]();
