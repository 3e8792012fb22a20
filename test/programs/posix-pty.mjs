// Processes in pseudoterminals: node posix-pty.mjs <case>.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  _exit,
  allSignals,
  atfork,
  close,
  decodeWaitStatus,
  fork,
  forkpty,
  getpid,
  ioctl,
  isatty,
  isPosixError,
  kill,
  login_tty,
  O_RDWR,
  open,
  openpty,
  ownChildren,
  PermissionError,
  processStat,
  ptySpawn,
  read,
  setsid,
  SIG_BLOCK,
  sigprocmask,
  tcgetattr,
  tcgetwinsize,
  TIOCGPGRP,
  TIOCNOTTY,
  TIOCSCTTY,
  ttyname,
  waitpid,
  WNOHANG,
  write,
} from 'truefork';
import { child, gate, runCase, statusOf, temporaryFolder } from './posix-cases.mjs';

/** What comes from a master until the last has closed the terminal. */
function readAll(master) {
  const chunks = [];
  const chunk = Buffer.alloc(65_536);
  for (;;) {
    try {
      const length = read(master, chunk);
      if (length === 0) break;
      chunks.push(Buffer.from(chunk.subarray(0, length)));
    } catch (error) {
      if (!isPosixError(error, 'EIO')) throw error;
      break;
    }
  }
  return Buffer.concat(chunks).toString();
}

/** Reads until this has come. */
function readUntil(master, what) {
  let all = '';
  const chunk = Buffer.alloc(4096);
  while (!all.includes(what)) all += chunk.subarray(0, read(master, chunk)).toString();
  return all;
}

const openDescriptors = () => readdirSync('/proc/self/fd');

/** The session and the terminal's foreground group of this process: /proc/self/stat, fields 6 and 8. */
function session() {
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return { sid: Number(fields[3]), foreground: Number(fields[5]) };
}

/** In a child of forkpty: prints what `body` gives, and ends with 0; with 99 if it throws. */
function inTerminal(body) {
  const { pid, master } = forkpty();
  if (pid !== 0) return { pid, master };
  let status = 0;
  try {
    writeFileSync(1, String(body() ?? ''));
  } catch (error) {
    writeFileSync(1, String(error.stack));
    status = 99;
  }
  return _exit(status);
}

/** Everything that a program in a terminal writes, and how it ends. */
async function outcome(pty) {
  const output = text(pty.output);
  return { status: await pty.exited, output: await output };
}

const exited = (code) => ({ state: 'exited', code });
const signaled = (signal) => ({ state: 'signaled', signal, coreDumped: false });

/** The pty's output until it has this in it. */
async function printed(pty, what) {
  pty.text ??= '';
  if (!pty.listening) {
    pty.listening = true;
    pty.output.setEncoding('utf8').on('data', (data) => (pty.text += data));
  }
  while (!pty.text.includes(what)) await once(pty.output, 'data');
}

await runCase({
  forkpty() {
    const { pid, master } = inTerminal(() => {
      assert.deepEqual([0, 1, 2].map(isatty), [true, true, true]);
      assert.equal(ttyname(0), ttyname(2));
      // The controlling terminal, under its other name.
      assert.ok(isatty(open('/dev/tty', O_RDWR)));
      assert.deepEqual(session(), { sid: getpid(), foreground: getpid() });
      assert.throws(setsid, (error) => error instanceof PermissionError && error.code === 'EPERM');
      return process.pid;
    });
    assert.equal(readAll(master), String(pid));
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    close(master);
  },

  'forkpty-modes'() {
    const modes = tcgetattr(openpty().slave);
    modes.oflag = 0;
    const { pid, master } = forkpty(modes, { rows: 7, cols: 77 });
    if (pid === 0) {
      writeFileSync(1, `${JSON.stringify(tcgetwinsize(1))}\n`);
      _exit(tcgetattr(0).oflag);
    }
    assert.equal(readAll(master), '{"rows":7,"cols":77}\n');
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  },

  // A whole Node.js: its own streams, its event loop, its children.
  async 'forkpty-whole'() {
    const { pid, master } = forkpty();
    if (pid === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      assert.ok(process.stdout.isTTY);
      process.stdin.setEncoding('utf8').once('data', (line) => {
        const { stdout } = spawnSync('tty', { stdio: ['inherit', 'pipe', 'inherit'] });
        console.log(`heard ${line.trim()} at ${stdout.toString().trim() === ttyname(0)}`);
        process.exit(5);
      });
      console.log('ready');
      return await new Promise(() => undefined);
    }
    readUntil(master, 'ready');
    write(master, Buffer.from('a line\n'));
    assert.match(readAll(master), /heard a line at true\r\n$/);
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), exited(5));
  },

  // Whatever the parent's stdout is, and although it has been used.
  async 'forkpty-after-output'() {
    process.stdout.write('');
    process.stderr.write('');
    const { pid, master } = forkpty();
    if (pid === 0) {
      console.log('to the terminal');
      console.error('and this');
      process.exit(0);
    }
    const output = readAll(master);
    assert.match(output, /to the terminal\r\n/);
    assert.match(output, /and this\r\n/);
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  },

  // The same, of a parent that is in a terminal itself.
  async 'forkpty-in-a-terminal'() {
    const args = [...process.execArgv, process.argv[1], 'forkpty-after-output'];
    const { status, output } = await outcome(ptySpawn(process.execPath, args));
    assert.deepEqual({ status, output }, { status: exited(0), output: 'held\r\n' });
  },

  'forkpty-signals'() {
    for (const [typed, signal] of [
      ['\x03', 'SIGINT'],
      ['\x1c', 'SIGQUIT'],
    ]) {
      const { pid, master } = inTerminal(() => {
        writeFileSync(1, 'ready');
        gate().wait();
      });
      readUntil(master, 'ready');
      write(master, Buffer.from(typed));
      const status = decodeWaitStatus(waitpid(pid, 0).status);
      assert.deepEqual([status.state, status.signal], ['signaled', signal]);
    }
    const { pid } = inTerminal(() => gate().wait());
    kill(pid, 'SIGTERM');
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), signaled('SIGTERM'));
  },

  'forkpty-hang-up'() {
    const { pid, master } = inTerminal(() => {
      writeFileSync(1, 'ready');
      gate().wait();
    });
    readUntil(master, 'ready');
    close(master);
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), signaled('SIGHUP'));
  },

  'forkpty-refused'() {
    const before = openDescriptors();
    const forget = atfork({
      before: () => {
        throw new Error('not now');
      },
    });
    assert.throws(() => forkpty(), { message: 'not now' });
    forget();
    assert.deepEqual(openDescriptors(), before);
  },

  'login-tty'() {
    const { master, slave } = openpty();
    const pid = child(() => {
      close(master);
      assert.ok(slave > 2);
      login_tty(slave);
      assert.throws(() => close(slave), { code: 'EBADF' });
      assert.deepEqual(session(), { sid: getpid(), foreground: getpid() });
      write(1, Buffer.from('here'));
      // The terminal is a session's by now.
      const own = fork();
      if (own === 0) {
        setsid();
        assert.throws(() => login_tty(0), { code: 'EPERM', syscall: 'login_tty' });
        _exit(0);
      }
      assert.equal(waitpid(own, 0).status, 0);
    });
    close(slave);
    assert.equal(readAll(master), 'here');
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    const pipes = child(() => {
      assert.throws(() => login_tty(open('/dev/null', O_RDWR)), { code: 'ENOTTY', syscall: 'login_tty' });
    });
    assert.deepEqual(waitpid(pipes, 0), { pid: pipes, status: 0 });
  },

  'controlling-terminal'() {
    const { master, slave } = openpty();
    const pid = child(() => {
      setsid();
      const tty = () => open('/dev/tty', O_RDWR);
      assert.throws(tty, { code: 'ENXIO' });
      assert.equal(ioctl(slave, TIOCSCTTY, 0), 0);
      close(tty());
      const group = new Int32Array(1);
      ioctl(slave, TIOCGPGRP, group);
      assert.equal(group[0], getpid());
      // The foreground is told by SIGHUP.
      sigprocmask(SIG_BLOCK, ['SIGHUP']);
      assert.equal(ioctl(slave, TIOCNOTTY, 0), 0);
      assert.throws(tty, { code: 'ENXIO' });
    });
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    close(master);
    close(slave);
  },

  async spawn() {
    const before = openDescriptors();
    const folder = temporaryFolder();
    const pty = ptySpawn('sh', ['-c', 'tty; stty size; pwd; echo "$GIVEN-$1"; exit 7', 'name', 'naïve 文件'], {
      cols: 132,
      rows: 43,
      cwd: folder,
      env: { PATH: process.env.PATH, GIVEN: 'ja', ABSENT: undefined },
    });
    assert.deepEqual(pty.size, { rows: 43, cols: 132 });
    assert.deepEqual(ownChildren(), [pty.pid]);
    const { status, output } = await outcome(pty);
    assert.deepEqual(status, exited(7));
    const [tty, ...rest] = output.split('\r\n');
    assert.match(tty, /^\/dev\/pts\/\d+$/);
    assert.deepEqual(rest, ['43 132', folder, 'ja-naïve 文件', '']);
    // Nothing is left: no zombie, and no descriptor.
    assert.equal(processStat(pty.pid), undefined);
    assert.throws(() => pty.kill(), { name: 'ProcessLookupError', code: 'ESRCH' });
    pty.close();
    assert.deepEqual(ownChildren(), []);
    assert.deepEqual(openDescriptors(), before);
  },

  // Whatever this process does with them.
  async 'spawn-signals'() {
    process.on('SIGINT', () => undefined);
    process.on('SIGUSR1', () => undefined);
    sigprocmask(SIG_BLOCK, allSignals);
    const pty = ptySpawn('cat', ['/proc/self/status', '/proc/self/stat']);
    const { output } = await outcome(pty);
    for (const set of ['SigBlk', 'SigIgn', 'SigCgt']) {
      assert.match(output, new RegExp(`^${set}:\\s*0{16}\\r$`, 'm'));
    }
    const [pgid, sid, , foreground] = /^\d+ \(cat\) \w \d+ (\d+) (\d+) (\d+) (\d+)/m.exec(output).slice(1).map(Number);
    assert.deepEqual([pgid, sid, foreground], [pty.pid, pty.pid, pty.pid]);
  },

  async 'spawn-keyboard'() {
    const pty = ptySpawn('cat');
    pty.input.write('hello\n');
    await printed(pty, 'hello\r\nhello\r\n');
    // The end of the input.
    pty.input.write('\x04');
    assert.deepEqual(await pty.exited, exited(0));

    const interrupted = ptySpawn('cat');
    interrupted.input.write('ready\n');
    await printed(interrupted, 'ready\r\nready\r\n');
    interrupted.input.write('\x03');
    assert.deepEqual(await interrupted.exited, signaled('SIGINT'));
  },

  async 'spawn-resize'() {
    const pty = ptySpawn('sh', ['-c', 'trap "stty size; exit 3" WINCH; echo ready; while :; do sleep 0.05; done']);
    await printed(pty, 'ready');
    pty.resize({ rows: 10, cols: 20 });
    assert.deepEqual(await pty.exited, exited(3));
    await printed(pty, '10 20');
  },

  async 'spawn-hang-up'() {
    const before = openDescriptors();
    const pty = ptySpawn('sleep', ['1000']);
    pty.close();
    pty.close();
    assert.deepEqual(await pty.exited, signaled('SIGHUP'));
    const other = ptySpawn('sleep', ['1000']);
    await other[Symbol.asyncDispose]();
    assert.equal(processStat(other.pid), undefined);
    const killed = ptySpawn('sleep', ['1000']);
    killed.kill('SIGKILL');
    assert.deepEqual((await outcome(killed)).status, signaled('SIGKILL'));
    killed.close();
    assert.throws(() => killed.resize({ rows: 1, cols: 1 }), { code: 'EBADF' });
    assert.deepEqual(openDescriptors(), before);
  },

  async 'spawn-much'() {
    const size = 3_000_000;
    const pty = ptySpawn('sh', ['-c', `stty raw; head -c ${size} /dev/zero | tr '\\0' x`]);
    const { status, output } = await outcome(pty);
    assert.deepEqual([status, output.length, output.replaceAll('x', '')], [exited(0), size, '']);

    // More than the terminal has room for, and a program that takes it slowly.
    const slow = ptySpawn('sh', ['-c', `stty raw -echo; echo ready; sleep 0.1; head -c ${size} | cksum`]);
    await printed(slow, 'ready');
    const data = Buffer.alloc(size, 'abc');
    slow.input.write(data);
    assert.deepEqual(await slow.exited, exited(0));
    const { stdout } = spawnSync('cksum', { input: data });
    await printed(slow, stdout.toString().trim());
  },

  'spawn-fails'() {
    const before = openDescriptors();
    const folder = temporaryFolder();
    const missing = join(folder, 'missing');
    const file = join(folder, 'file');
    writeFileSync(file, 'x', { mode: 0o600 });
    for (const [call, error] of [
      [() => ptySpawn(missing), { code: 'ENOENT', syscall: 'execvp', path: missing }],
      [() => ptySpawn(file), { code: 'EACCES', syscall: 'execvp', path: file }],
      [() => ptySpawn(join(file, 'x')), { code: 'ENOTDIR', syscall: 'execvp' }],
      [() => ptySpawn('sh', ['x'.repeat(3_000_000)]), { code: 'E2BIG', syscall: 'execvp' }],
      [
        () => ptySpawn('sh', [], { cwd: join(folder, 'x') }),
        { code: 'ENOENT', syscall: 'chdir', path: join(folder, 'x') },
      ],
      [() => ptySpawn('sh', [], { cwd: file }), { code: 'ENOTDIR', syscall: 'chdir' }],
    ]) {
      assert.throws(call, error);
    }
    assert.deepEqual(openDescriptors(), before);
    // Nor is there a zombie.
    assert.throws(() => waitpid(-1, WNOHANG), { code: 'ECHILD' });
  },

  // A forked child has nothing of it: neither its output, nor a hold on its terminal.
  async 'spawn-and-fork'() {
    const pty = ptySpawn('cat');
    const held = gate();
    const pid = fork();
    if (pid === 0) {
      assert.throws(() => pty.kill(), { code: 'ESRCH' });
      assert.ok(!openDescriptors().some((fd) => targetOf(fd) === '/dev/ptmx'));
      held.wait();
      _exit(0);
    }
    pty.input.write('hello\n');
    await printed(pty, 'hello\r\nhello\r\n');
    pty.close();
    assert.deepEqual(await pty.exited, signaled('SIGHUP'));
    held.open();
    assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
  },

  async 'spawn-waited-for'() {
    const pty = ptySpawn('true', []);
    assert.equal(waitpid(pty.pid, 0).status, 0);
    await assert.rejects(pty.exited, { name: 'ChildProcessError', code: 'ECHILD' });
    pty.close();
  },

  async 'spawn-many'() {
    const before = openDescriptors();
    const ptys = Array.from({ length: 20 }, (_, code) => ptySpawn('sh', ['-c', `echo ${code}; exit ${code}`]));
    const outcomes = await Promise.all(ptys.map(outcome));
    for (const pty of ptys) pty.close();
    assert.deepEqual(
      outcomes,
      ptys.map((_, code) => ({ status: exited(code), output: `${code}\r\n` })),
    );
    assert.deepEqual(openDescriptors(), before);

    // What is typed when the program has ended is lost, and that is no error.
    const ended = ptySpawn('true');
    await ended.exited;
    await new Promise((resolve) => ended.input.write('x', resolve));
    ended.close();
  },

  // It is not hung up when it has closed its terminal: it may have more to do.
  async 'spawn-without-terminal'() {
    const before = openDescriptors();
    const pty = ptySpawn('sh', ['-c', 'echo closing; exec 0<&- 1>&- 2>&-; sleep 0.2; exit 4']);
    const { status, output } = await outcome(pty);
    assert.deepEqual({ status, output }, { status: exited(4), output: 'closing\r\n' });
    assert.deepEqual(openDescriptors(), before);
  },

  // A program that is left in the background keeps the output open, and not the program's end.
  async 'spawn-background'() {
    const pty = ptySpawn('sh', ['-c', 'trap "" HUP; sleep 0.3 & echo gone']);
    await printed(pty, 'gone');
    assert.deepEqual(await pty.exited, exited(0));
    pty.close();
    assert.equal(statusOf(process.pid, 'Pid'), String(process.pid));
  },
});

function targetOf(fd) {
  try {
    return readlinkSync(join('/proc/self/fd', fd));
  } catch {
    return tmpdir();
  }
}
