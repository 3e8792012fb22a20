// Daemons, as a program that becomes one sees it. The first argument names the case, the second a directory for its files.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { _exit, atfork, blockedIn, close, fork, kill, mkfifo, O_RDONLY, open, pipe2, sleep } from 'truefork';
import { daemonize, readPidFile, supervise, writePidFile } from 'truefork/daemon';

const [, , name, folder, closed] = process.argv;
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
    // Until the leader of the session has ended.
    while (process.ppid === sessionOf(process.pid).session) continue;
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

  'removed-directory'() {
    const gone = join(folder, 'gone');
    mkdirSync(gone);
    process.chdir(gone);
    rmdirSync(gone);
    const daemon = daemonize({ logFile });
    writeFileSync(join(folder, 'state'), process.cwd());
    daemon.ready();
  },

  // The descriptors that it opens for itself would be those that are closed.
  'closed-descriptors'() {
    for (const fd of JSON.parse(closed)) close(fd);
    const daemon = daemonize({ logFile });
    console.log('to stdout');
    console.error('to stderr');
    writeFileSync(join(folder, 'state'), [0, 1, 2].map((fd) => readlinkSync(`/proc/self/fd/${fd}`)).join());
    daemon.ready();
  },

  // Killed while it tells more than the pipe has room for: the starter, which does not read meanwhile, gets a part of it.
  'killed-in-a-word'() {
    const starter = process.pid;
    const daemon = daemonize({ logFile });
    const { pid } = process;
    kill(starter, 'SIGSTOP');
    if (fork() === 0) {
      while (!/write/.test(blockedIn(pid))) continue;
      kill(pid, 'SIGKILL');
      kill(starter, 'SIGCONT');
      _exit(0);
    }
    daemon.failed('a long story\n'.repeat(100_000), 5);
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

  // What the starter was left with, by its parent or by itself, the daemon has if it is told to keep it.
  keeps() {
    const [reader] = pipe2(0);
    const [, writer] = pipe2(0);
    const inherited = openSync('/dev/null');
    const daemon = daemonize({ keep: [writer] });
    const isOpen = (fd) => existsSync(`/proc/self/fd/${fd}`);
    writeFileSync(join(folder, 'state'), JSON.stringify([reader, writer, inherited].map(isOpen)));
    daemon.ready();
  },

  'two-files'() {
    process.chdir(folder);
    const daemon = daemonize({ logFile: 'log', errorFile: 'errors', cwd: '/' });
    console.log('to stdout');
    console.error('to stderr');
    daemon.ready();
  },

  // The pid file is relative to where the starter is, as the other files are. It goes with the daemon.
  async 'pid-file'() {
    process.chdir(folder);
    if (!existsSync('fifo')) mkfifo('fifo', 0o600);
    const daemon = daemonize({ pidFile: 'pid' });
    const { path } = daemon.pidFile;
    writeFileSync(join(folder, 'state'), JSON.stringify({ path, pid: readPidFile(path), own: process.pid }));
    daemon.ready();
    open(join(folder, 'fifo'), O_RDONLY);
  },

  // Of a daemon that has been quicker.
  'pid-file-raced'() {
    const pidFile = join(folder, 'pid');
    const first = process.pid;
    // In the starter, which waits for the daemon.
    atfork({ parent: () => process.pid === first && writePidFile(pidFile) });
    daemonize({ pidFile, logFile });
    console.log('the daemon runs');
  },

  'too-late'() {
    daemonize({ logFile, timeout: 300 });
    writeFileSync(join(folder, 'state'), String(process.pid));
    setInterval(() => undefined, 1_000);
  },

  // It has not told its pid yet when the time is over.
  'born-late'() {
    atfork({ child: () => sleep(0.2) });
    daemonize({ logFile, timeout: 20 });
    setInterval(() => undefined, 1_000);
  },

  'in-time'() {
    const daemon = daemonize({ logFile, timeout: 60_000 });
    setTimeout(() => daemon.failed('not today\n', 3), 50);
  },

  // The heartbeat daemon: it writes when the program was started again, and ends with it.
  async heartbeat() {
    const daemon = daemonize({ cwd: folder, umask: 0, logFile, pidFile: join(folder, 'pid') });
    const script = `echo "[PID:$$] runs" >>runs; sleep 0.05; kill -ABRT $$`;
    const supervised = supervise(['sh', '-c', script, folder], {
      interval: 5_000,
      firstDelay: 1,
      limit: Infinity,
      log: (line) => console.log(line),
    });
    supervised.once('start', () => daemon.ready());
    await supervised.ended;
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
      { errorFile: '' },
      { errorFile: folder },
      { pidFile: 1 },
      { pidFile: join(folder, 'missing', 'pid') },
      { keep: 3 },
      { keep: null },
      { keep: ['3'] },
      // A hole, which forEach() and its like pass over.
      { keep: [3].concat(Array(1)) },
      { keep: [-1] },
      { timeout: -1 },
      { timeout: '1s' },
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
