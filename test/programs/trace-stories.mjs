// Programs of a known story, for the trace to tell: node trace-stories.mjs <story>. Each prints the pids of those in it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import {
  _exit,
  AF_UNIX,
  close,
  execvp,
  fork,
  forkMany,
  kill,
  MAP_ANONYMOUS,
  MAP_SHARED,
  mkfifo,
  mmap,
  munmap,
  O_RDONLY,
  O_WRONLY,
  open,
  P_PID,
  pause,
  pipe,
  posixSpawnp,
  processArguments,
  PROT_READ,
  PROT_WRITE,
  read,
  signal,
  sigprocmask,
  sigwait,
  SIG_BLOCK,
  sleep,
  SOCK_STREAM,
  socketpair,
  waitid,
  waitpid,
  WCONTINUED,
  WEXITED,
  WNOWAIT,
  write,
  WUNTRACED,
} from 'truefork';
import { mark } from 'truefork/trace';

/** It observes: `truefork trace`. */
const observer = process.ppid;
// Not by a call that is recorded.
const pauses = new Int32Array(new SharedArrayBuffer(4));

const naps = () =>
  Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(readFileSync(`/proc/${observer}/status`, 'utf8'))[1]);

/**
 * Until the observer has seen what there is: it has a nap after each look, of 3 ms at least. What is to be seen for longer than
 * a moment lasts for some of them.
 */
function untilSeen() {
  for (const end = naps() + 50; naps() < end;) Atomics.wait(pauses, 0, 0, 1);
}

const tell = (facts) => console.log(JSON.stringify({ self: process.pid, ...facts }));

function child(body) {
  const pid = fork();
  if (pid === 0) _exit(body() ?? 0);
  return pid;
}

const stories = {
  zombie() {
    const zombie = child(() => 3);
    waitid(P_PID, zombie, WEXITED | WNOWAIT);
    untilSeen();
    sleep(0.01);
    waitpid(zombie, 0);
    tell({ zombie });
  },

  handled() {
    const [ready, isReady] = pipe();
    const receiver = child(() => {
      let number = 0;
      signal('SIGUSR1', (_name, signal) => (number = signal));
      write(isReady, Buffer.from('ready'));
      while (number === 0) pause();
    });
    read(ready, Buffer.alloc(10));
    kill(receiver, 'SIGUSR1');
    waitpid(receiver, 0);
    tell({ receiver });
  },

  accepted() {
    sigprocmask(SIG_BLOCK, ['SIGUSR2']);
    const receiver = child(() => {
      assert.equal(sigwait(['SIGUSR2']), 'SIGUSR2');
    });
    kill(receiver, 'SIGUSR2');
    waitpid(receiver, 0);
    tell({ receiver });
  },

  stopped() {
    const stopped = child(() => {
      for (;;) pause();
    });
    kill(stopped, 'SIGSTOP');
    waitpid(stopped, WUNTRACED);
    untilSeen();
    kill(stopped, 'SIGCONT');
    waitpid(stopped, WCONTINUED);
    untilSeen();
    kill(stopped, 'SIGKILL');
    waitpid(stopped, 0);
    tell({ stopped });
  },

  orphan() {
    const [lives, line] = pipe();
    const [read1, write1] = pipe();
    const middle = child(() => {
      const orphan = child(() => {
        close(write1);
        // The end, when the one in the middle has ended.
        read(read1, Buffer.alloc(1));
        untilSeen();
        return 4;
      });
      write(line, Buffer.from(String(orphan)));
      return 0;
    });
    close(write1);
    close(line);
    waitpid(middle, 0);
    const answer = Buffer.alloc(20);
    const orphan = Number(answer.toString('latin1', 0, read(lives, answer)));
    read(lives, answer);
    tell({ middle, orphan });
  },

  exec() {
    const fails = child(() => {
      try {
        execvp('/nonexistent', ['nonexistent']);
      } catch {
        return 9;
      }
    });
    waitpid(fails, 0);
    const stranger = child(() => execvp('sleep', ['sleep', '1000']));
    while (processArguments(stranger)[0] !== 'sleep') continue;
    untilSeen();
    kill(stranger, 'SIGTERM');
    waitpid(stranger, 0);
    const node = child(() => execvp(process.execPath, [process.execPath, process.argv[1], 'marks']));
    waitpid(node, 0);
    const spawned = posixSpawnp('true', ['true'], process.env);
    waitpid(spawned, 0);
    tell({ fails, stranger, node, spawned });
  },

  // Each is looked at every few milliseconds, some of them while they are being executed.
  execs() {
    for (let round = 0; round < 40; round++) {
      const batch = Array.from({ length: 10 }, () => child(() => execvp('sleep', ['sleep', '0.03'])));
      for (const pid of batch) waitpid(pid, 0);
    }
    tell({});
  },

  marks() {
    mark('in <another> & "program"');
  },

  async spawned() {
    const program = spawn(process.execPath, [process.argv[1], 'marks']);
    await once(program, 'exit');
    tell({ program: program.pid });
  },

  pipe() {
    const [readEnd, writeEnd] = pipe();
    const [goOn, next] = pipe();
    const reader = child(() => {
      for (const length of [3, 5]) {
        assert.equal(read(readEnd, Buffer.alloc(10)), length);
        write(next, Buffer.from('.'));
      }
    });
    write(writeEnd, Buffer.from('one'));
    read(goOn, Buffer.alloc(1));
    write(writeEnd, Buffer.from('three'));
    waitpid(reader, 0);
    write(writeEnd, Buffer.from('nobody'));
    tell({ reader });
  },

  sockets() {
    const [one, other] = socketpair(AF_UNIX, SOCK_STREAM, 0);
    const echo = child(() => {
      const buffer = Buffer.alloc(10);
      assert.equal(read(other, buffer), 4);
      write(other, Buffer.from('echo!'));
    });
    write(one, Buffer.from('what'));
    assert.equal(read(one, Buffer.alloc(10)), 5);
    waitpid(echo, 0);
    tell({ echo });
  },

  // Strangers: neither has made the other.
  async fifo() {
    const path = `${process.argv[3]}/fifo`;
    mkfifo(path, 0o600);
    const programs = ['writes', 'reads'].map((what) => spawn(process.execPath, [process.argv[1], what, path]));
    await Promise.all(programs.map((program) => once(program, 'exit')));
    rmSync(path);
    const [writer, reader] = programs.map(({ pid }) => pid);
    tell({ writer, reader });
  },

  writes() {
    write(open(process.argv[3], O_WRONLY), Buffer.from('from a stranger'));
  },

  reads() {
    read(open(process.argv[3], O_RDONLY), Buffer.alloc(100));
  },

  mapping() {
    munmap(mmap(null, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    tell({});
  },

  async node() {
    const alive = setInterval(() => undefined, 60_000);
    const came = new Promise((resolve) => process.once('SIGUSR2', resolve));
    process.kill(process.pid, 'SIGUSR2');
    await came;
    clearInterval(alive);
    tell({});
    process.exitCode = 6;
  },

  hundred() {
    const made = forkMany(100);
    if (made.role === 'child') _exit(made.index);
    for (const pid of made.pids) waitpid(pid, 0);
    tell({ pids: made.pids });
  },

  traffic() {
    const [readEnd, writeEnd] = pipe();
    for (let n = 0; n < 100; n++) {
      write(writeEnd, Buffer.from('x'));
      read(readEnd, Buffer.alloc(1));
    }
    tell({});
  },

  // Children that write records all the time, killed at any moment.
  killed() {
    const [ready, isReady] = pipe();
    const pids = Array.from({ length: 40 }, (_, n) => {
      const pid = child(() => {
        write(isReady, Buffer.from('.'));
        for (let count = 0; ; count++) mark(`${count}`);
      });
      read(ready, Buffer.alloc(1));
      sleep((n % 8) / 2000);
      kill(pid, 'SIGKILL');
      waitpid(pid, 0);
      return pid;
    });
    tell({ pids });
  },

  // Prints what must be the same, traced or not.
  async same() {
    const results = [];
    signal('SIGCHLD', (name, _number, { status }) => results.push(name, status));
    const one = child(() => 7);
    results.push(waitpid(one, 0).status);
    process.on('SIGTERM', () => results.push('SIGTERM'));
    process.kill(process.pid, 'SIGTERM');
    await rest(50);
    try {
      waitpid(one, 0);
    } catch ({ code, message }) {
      results.push(code, message.replace(String(one), 'PID'));
    }
    for await (const chunk of process.stdin) results.push(String(chunk));
    console.log(
      JSON.stringify(results),
      process.argv.slice(2),
      process.execArgv,
      process.kill.name,
      process.emit.length,
    );
    console.error('to standard error');
    process.exitCode = 5;
  },

  dies() {
    kill(process.pid, 'SIGKILL');
  },

  async waits() {
    process.on('SIGTERM', () => {
      console.log('SIGTERM');
      process.exit(3);
    });
    console.log('ready');
    await rest(60_000);
  },
};

await stories[process.argv[2]]();
