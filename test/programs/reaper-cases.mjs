// Cases of the reaper, by the second argument, with a reaper of the kind of the first. Each prints what it saw as JSON.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { _exit, fork, kill, pipe2, processStat, read, Reaper, waitpid } from 'truefork';

const [by, name, argument] = process.argv.slice(2);

const descriptors = () => readdirSync('/proc/self/fd').length;
const zombies = () =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => processStat(Number(entry)))
    .filter((stat) => stat?.ppid === process.pid && stat.state === 'Z').length;

/** A child that ends with this code at once, or is stuck until a signal ends it. */
function child(code) {
  const pid = fork();
  if (pid > 0) return pid;
  // It reads a pipe of its own.
  if (code === undefined) read(pipe2(0)[0], new Uint8Array(1));
  return _exit(code);
}

function zombie(pid) {
  while (processStat(pid)?.state !== 'Z');
}

const caught = (run) => {
  try {
    run();
    return 'nothing';
  } catch (error) {
    return { name: error.name, code: error.code };
  }
};

const cases = {
  /** It has ended before the reaper is told of it. */
  async before() {
    const reaper = new Reaper({ by });
    const pid = child(4);
    zombie(pid);
    const exited = reaper.watch(pid);
    const same = reaper.watch(pid) === exited;
    return { status: await exited, same };
  },

  /** Its status is taken away. */
  async stolen() {
    const reaper = new Reaper({ by });
    const events = [];
    reaper.on('exit', () => events.push('exit'));
    reaper.on('lost', () => events.push('lost'));
    // Nobody has the promise of this one: no unhandled rejection.
    const silent = child(0);
    waitpid(silent, 0);
    void reaper.watch(silent);
    await once(reaper, 'lost');
    const pid = child();
    const exited = reaper.watch(pid);
    kill(pid, 'SIGKILL');
    waitpid(pid, 0);
    const error = await exited.catch((reason) => reason);
    return { events, error: { name: error.name, code: error.code, pid: error.pid === pid }, pids: reaper.pids };
  },

  /** It is a process, but not a child of ours: a grandchild. */
  async stranger() {
    const reaper = new Reaper({ by });
    const shell = spawn('/bin/sh', ['-c', 'sleep 1000 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await once(shell.stdout, 'data'));
    const error = await reaper.watch(pid).catch((reason) => reason);
    const alive = processStat(pid) !== undefined;
    kill(pid, 'SIGKILL');
    await once(shell, 'exit');
    return { code: error.code, alive };
  },

  /** No pids: to waitpid they are several children. */
  wrong() {
    const reaper = new Reaper({ by });
    const errors = [-1, 0, 1.5, NaN, 2 ** 31, '1', undefined].map((pid) => caught(() => reaper.watch(pid)).code);
    return { errors, pids: reaper.pids };
  },

  /** Only children that have not been reaped are signalled. */
  async kill() {
    const reaper = new Reaper({ by });
    const pid = child();
    const unknown = child();
    const exited = reaper.watch(pid);
    const stranger = caught(() => reaper.kill(unknown, 'SIGKILL'));
    reaper.kill(pid, 'SIGTERM');
    const status = await exited;
    const reaped = caught(() => reaper.kill(pid, 'SIGKILL'));
    // It lives on.
    kill(unknown, 0);
    kill(unknown, 'SIGKILL');
    waitpid(unknown, 0);
    return { status, stranger, reaped };
  },

  /** A forked child has nothing of its parent's reaper, and may have one of its own. */
  async forked() {
    const reaper = new Reaper({ by });
    const elder = child();
    const exited = reaper.watch(elder);
    const before = descriptors();
    const pid = fork();
    if (pid === 0) {
      const own = new Reaper({ by });
      const grandchild = child(21);
      const { code } = await own.watch(grandchild);
      const right = reaper.pids.length === 0 && !reaper.has(elder) && code === 21 && descriptors() <= before;
      // It ends by itself: nothing of the parent's keeps it.
      process.exitCode = right ? 33 : 1;
      return undefined;
    }
    const status = await reaper.watch(pid);
    reaper.kill(elder, 'SIGKILL');
    return { status, elder: await exited };
  },

  /** Many, one after the other and some at once. */
  async thousand() {
    const reaper = new Reaper({ by });
    await reaper.watch(child(0));
    const before = descriptors();
    const most = { descriptors: 0, zombies: 0 };
    for (let n = 0; n < Number(argument); n += 4) {
      await Promise.all([1, 2, 3, 4].map((code) => reaper.watch(child(code))));
      most.descriptors = Math.max(most.descriptors, descriptors() - before);
      if (n % 100 === 0) most.zombies = Math.max(most.zombies, zombies());
    }
    return { most, pids: reaper.pids };
  },

  /** The process ends although a child lives; again is no mistake. */
  close() {
    const reaper = new Reaper({ by });
    const before = descriptors();
    const pid = child();
    void reaper.watch(pid);
    reaper.close();
    reaper.close();
    reaper[Symbol.dispose]();
    process.on('exit', () => kill(pid, 'SIGKILL'));
    return { leaked: descriptors() - before, pids: reaper.pids, listeners: process.listenerCount('SIGCHLD') };
  },

  /** With no child left, nothing keeps the process. */
  async idle() {
    const reaper = new Reaper({ by });
    await reaper.watch(child(0));
    return { listeners: process.listenerCount('SIGCHLD') };
  },
};

const result = await cases[name]();
if (result) console.log(JSON.stringify(result));
