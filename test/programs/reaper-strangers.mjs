// Cases of the reaper of strangers, by the first argument, in a process that is a subreaper. Each prints what it saw as JSON.
import assert from 'node:assert/strict';
import { exec, execSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import {
  _exit,
  adoptsOrphans,
  childrenOfThread,
  decodeWaitStatus,
  fork,
  getrlimit,
  kill,
  ownChildren,
  pipe2,
  PR_SET_CHILD_SUBREAPER,
  prctl,
  processStat,
  read,
  Reaper,
  RLIMIT_NOFILE,
  setrlimit,
  StrangerReaper,
  waitpid,
  write,
} from 'truefork';

const [name, argument] = process.argv.slice(2);
const before = adoptsOrphans();
prctl(PR_SET_CHILD_SUBREAPER, 1);

// Its parent, setsid(1), ends at once and waits for nobody, as a shell might.
const orphan = (script) => `setsid -f sh -c '${script}';`;

/** What a reaper of strangers has told: how many ended in which way. */
function counted(reaper) {
  const counts = {};
  reaper.on('exit', (_, status) => {
    const how = status.code ?? status.signal;
    counts[how] = (counts[how] ?? 0) + 1;
  });
  return counts;
}

/** Fulfilled when it has told of so many. */
async function told(counts, number) {
  while (Object.values(counts).reduce((sum, count) => sum + count, 0) < number) await sleep(5);
}

/** Fulfilled when a stranger that has ended now has been waited for: any that had ended before has been, too. */
async function looked(reaper) {
  const counts = counted(reaper);
  execSync(orphan('exit 99'));
  while (counts[99] === undefined) await sleep(5);
}

const isZombie = (pid) => processStat(pid)?.state === 'Z';

function zombie(pid) {
  while (!isZombie(pid));
}

function child(code) {
  const pid = fork();
  if (pid === 0) _exit(code);
  return pid;
}

const cases = {
  /** Children of the dead, and children of those: some have ended before they come, some live on for a while. */
  async orphans() {
    const reaper = new StrangerReaper();
    const counts = counted(reaper);
    const ofAnOrphan = orphan('exit 13').replaceAll("'", '"');
    execSync(orphan('exit 11') + orphan('sleep 0.1; exit 12') + orphan(`${ofAnOrphan} exit 14`) + orphan('kill -9 $$'));
    await told(counts, 5);
    return { before, after: adoptsOrphans(), counts, children: childrenOfThread() };
  },

  /** Many that end at once, after who has started them. */
  async many() {
    const reaper = new StrangerReaper();
    const counts = counted(reaper);
    const shell = spawn('/bin/bash', ['-c', `for n in $(seq ${argument}); do (read line <&3; exit 21) & done`], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    await once(shell, 'exit');
    const living = childrenOfThread().length;
    shell.stdio[3].destroy();
    await told(counts, Number(argument));
    return { living, counts, children: childrenOfThread() };
  },

  /** While no descriptor is free to look by. */
  async exhausted() {
    const limit = getrlimit(RLIMIT_NOFILE);
    let looks = 0;
    const expecting = () => {
      if (++looks === 3) setrlimit(RLIMIT_NOFILE, limit);
      return false;
    };
    const reaper = new StrangerReaper({ expecting });
    const counts = counted(reaper);
    execSync(orphan('exit 25'));
    setrlimit(RLIMIT_NOFILE, { ...limit, cur: 0 });
    await told(counts, 1);
    return { counts, looks: looks > 2, children: childrenOfThread() };
  },

  /** Those that ended, or came, before there was a reaper. */
  async earlier() {
    execSync(orphan('exit 31') + orphan('sleep 0.5; exit 32'));
    const counts = counted(new StrangerReaper());
    await told(counts, 2);
    return { counts, children: childrenOfThread() };
  },

  /** A child of fork() that nobody has waited for yet, and behind it a stranger. */
  async forked() {
    const first = child(41);
    zombie(first);
    const reaper = new StrangerReaper();
    await looked(reaper);
    const second = child(42);
    zombie(second);
    await looked(reaper);
    const own = ownChildren().sort() + '' === [first, second].sort() + '';
    const codes = [first, second].map((pid) => decodeWaitStatus(waitpid(pid, 0).status).code);
    return { own, codes, left: ownChildren(), children: childrenOfThread() };
  },

  /** A child of child_process that has ended, before the event loop has turned. */
  async spawned() {
    const shell = spawn('/bin/sh', ['-c', 'exit 45'], { stdio: 'ignore' });
    zombie(shell.pid);
    const own = ownChildren().includes(shell.pid);
    const [code] = await once(shell, 'exit');
    return { own, code, left: ownChildren() };
  },

  /** A child of a child_process that does not get to wait for it: its worker thread is busy. */
  async thread() {
    const reaper = new StrangerReaper();
    const word = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
      const child = require('node:child_process').spawn('/bin/sh', ['-c', 'exit 51'], { stdio: 'ignore' });
      child.on('exit', (code) => parentPort.postMessage(code));
      parentPort.postMessage(child.pid);
      Atomics.wait(workerData, 0, 0);`,
      { eval: true, workerData: word },
    );
    const [pid] = await once(worker, 'message');
    zombie(pid);
    await looked(reaper);
    const left = isZombie(pid);
    Atomics.notify(word, 0);
    const [code] = await once(worker, 'message');
    return { left, code };
  },

  /** A child of a worker thread that has ended: nobody waits for it. */
  async threadEnded() {
    const reaper = new StrangerReaper();
    const counts = counted(reaper);
    const [reader, writer] = pipe2(0);
    const worker = new Worker(
      `const stdio = [${reader}, 'ignore', 'ignore'];
      require('node:child_process').spawn('/bin/sh', ['-c', 'read end; exit 52'], { stdio }).unref()`,
      { eval: true },
    );
    await once(worker, 'exit');
    // Not before: the worker would wait for it, if it is slow to end.
    write(writer, Buffer.from('\n'));
    await told(counts, 1);
    return { counts, children: childrenOfThread() };
  },

  /** The status of a forked child that another thread has taken; another process may get its pid. */
  async taken() {
    const pid = child(61);
    zombie(pid);
    const own = ownChildren().length;
    const worker = new Worker(`require('truefork').waitpid(${pid}, 0)`, { eval: true });
    await once(worker, 'exit');
    return { own, left: ownChildren() };
  },

  /** A sibling that a fork makes, and tells of long after its end. */
  async sibling() {
    const reaper = new Reaper();
    const [reader, writer] = pipe2(0);
    let known = false;
    const strangers = new StrangerReaper({ expecting: () => !known });
    const mold = fork();
    if (mold === 0) {
      const pid = fork({ sibling: true });
      if (pid === 0) _exit(71);
      write(writer, Int32Array.of(pid));
      _exit(0);
    }
    const pid = new Int32Array(1);
    read(reader, pid);
    zombie(pid[0]);
    // Longer than it takes to be seen twice.
    await sleep(3_000);
    const left = isZombie(pid[0]);
    known = true;
    const status = await Promise.all([reaper.watch(pid[0]), looked(strangers)]);
    return { left, status: status[0], mold: await reaper.watch(mold) };
  },

  /** A sibling that a Reaper has been told of, and that does not come to ask for it. */
  async watched() {
    const [told, teller] = pipe2(0);
    const [end, ender] = pipe2(0);
    // By a signal that it does not get here.
    const reaper = new Reaper({ by: 'sigchld' });
    const mold = fork();
    if (mold === 0) {
      const pid = fork({ sibling: true });
      if (pid === 0) {
        read(end, new Uint8Array(1));
        _exit(81);
      }
      write(teller, Int32Array.of(pid));
      _exit(0);
    }
    const pid = new Int32Array(1);
    read(told, pid);
    const exited = reaper.watch(pid[0]);
    // It asks once by itself.
    await new Promise(setImmediate);
    const [ask] = process.listeners('SIGCHLD');
    process.off('SIGCHLD', ask);
    write(ender, Uint8Array.of(1));
    zombie(pid[0]);
    await looked(new StrangerReaper());
    const left = isZombie(pid[0]);
    ask();
    return { left, status: await exited };
  },

  /** A pid that was a child's and is an orphan's by now. In a pid namespace of its own, which can be told the next pid. */
  async reused() {
    const reaper = new Reaper();
    let pid;
    // Of the last of these, the pids before it are free, too.
    for (let n = 0; n < 5; n++) await reaper.watch((pid = child(0)));
    // The next but two: a shell, setsid(1), and the orphan.
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 3));
    const orphan = Number(execSync("setsid -f sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1'; true"));
    assert.equal(orphan, pid);
    const refused = [];
    try {
      reaper.kill(pid, 'SIGKILL');
    } catch ({ code }) {
      refused.push(code);
    }
    const own = ownChildren();
    const strangers = new StrangerReaper();
    const alive = processStat(pid)?.state !== 'Z';
    kill(pid, 'SIGTERM');
    const counts = counted(strangers);
    await told(counts, 1);
    return { refused, own, alive, counts };
  },

  /** child_process gets the code of each of its own, each of which leaves an orphan behind. */
  async exec() {
    const reaper = new StrangerReaper();
    const counts = counted(reaper);
    const run = promisify(exec);
    const wrong = [];
    let left = Number(argument);
    const one = async () => {
      while (left > 0) {
        const code = 1 + (left-- % 200);
        const error = await run(`${orphan('exit 222')} exit ${code}`).catch((reason) => reason);
        if (error.code !== code) wrong.push([code, error.code]);
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
    await told(counts, Number(argument));
    return { wrong, counts, children: childrenOfThread() };
  },

  /** In a forked child there is none, and it knows of no child; it may have one of its own. */
  async inChild() {
    const reaper = new StrangerReaper();
    const other = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
    const elder = child(0);
    const pid = fork();
    if (pid === 0) {
      const known = ownChildren().includes(elder);
      const listeners = process.listenerCount('SIGCHLD');
      prctl(PR_SET_CHILD_SUBREAPER, 1);
      const own = new StrangerReaper();
      await looked(own);
      // Not by itself: it has a copy of what waits for the other.
      process.exit(!known && listeners === 0 ? 90 : 1);
    }
    const status = await new Reaper().watch(pid);
    other.kill('SIGKILL');
    const [, signal] = await once(other, 'exit');
    waitpid(elder, 0);
    reaper.close();
    return { status, signal };
  },

  /** It keeps nobody, not even while a stranger lives; closed, it has left nothing. */
  close() {
    const reaper = new StrangerReaper();
    const living = Number(execSync('sleep 1000 >/dev/null 2>&1 & echo $!'));
    process.on('exit', () => kill(living, 'SIGKILL'));
    if (argument === 'open') return {};
    reaper.close();
    reaper.close();
    reaper[Symbol.dispose]();
    return { listeners: process.listenerCount('SIGCHLD') };
  },

  /** It is closed by whom it asks: it asks no more. */
  async closedByAsking() {
    let asked = 0;
    const expecting = () => {
      asked++;
      reaper.close();
      return asked % 2 === 1;
    };
    const reaper = new StrangerReaper({ expecting });
    execSync(orphan('exit 0'));
    while (asked === 0) await sleep(5);
    // Longer than until it would ask again.
    await sleep(2_000);
    return { asked, children: childrenOfThread().length };
  },

  /** A worker thread adopts nobody. */
  async refused() {
    const script = `try { new (require('truefork').StrangerReaper)() } catch ({ code }) { console.log(JSON.stringify(code)) }`;
    await once(new Worker(script, { eval: true }), 'exit');
  },
};

const result = await cases[name]();
if (result) console.log(JSON.stringify(result));
