// What a forked child shares with its parent by POSIX, and what Node does with it by itself in one of the two only. The
// case is the first argument.
import assert from 'node:assert/strict';
import { execFileSync, fork as forkProgram, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  close,
  decodeWaitStatus,
  fork,
  forkChild,
  kill,
  O_CLOEXEC,
  pipe2,
  read,
  waitpid,
  waitpidAsync,
  write,
} from 'truefork';

const own = fileURLToPath(import.meta.url);

/** How a child ended that did this. */
const child = async (body) => (await forkChild(body)).exited;

const well = ({ state, code }) => assert.deepEqual({ state, code }, { state: 'exited', code: 0 });

/** Runs a case of this program in a process of its own. */
function start(name, stdio) {
  return spawn(process.execPath, [own, name], { stdio });
}

const cases = {
  // A program that child_process.fork() has started, and its child: the starter talks with the former alone.
  async ipc() {
    const program = forkProgram(own, ['ipc-program'], { stdio: 'inherit' });
    let disconnected = false;
    program.on('disconnect', () => (disconnected = true));
    const [{ ready }] = await once(program, 'message');
    assert.equal(ready, true);
    for (let n = 0; n < 100; n++) {
      program.send(n);
      const [answer] = await once(program, 'message');
      assert.deepEqual(answer, { pid: program.pid, n });
    }
    program.send('let the child end');
    const [{ childEnded }] = await once(program, 'message');
    well(childEnded);
    assert.equal(disconnected, false);
    program.send('end');
    const [code] = await once(program, 'exit');
    assert.equal(code, 0);
  },

  async 'ipc-program'() {
    const [gate, opener] = pipe2(O_CLOEXEC);
    process.on('disconnect', () => assert.notEqual(process.pid, main, 'the child is told of no end'));
    const main = process.pid;
    process.on('message', (message) => {
      assert.equal(process.pid, main, 'the child reads no message');
      if (typeof message === 'number') process.send({ pid: process.pid, n: message });
      if (message === 'let the child end') close(opener);
      if (message === 'end') process.disconnect();
    });
    const ending = child(async () => {
      close(opener);
      assert.equal(process.send, undefined);
      assert.equal(process.connected, false);
      assert.equal(process.channel, undefined);
      assert.equal(process.listenerCount('disconnect'), 1);
      // Its event loop turns, while the starter sends.
      for (let n = 0; n < 20; n++) await new Promise(setImmediate);
      assert.equal(process.listenerCount('disconnect'), 1, 'the listeners are there again');
      process.removeAllListeners('disconnect');
      read(gate, new Uint8Array(1));
    });
    process.send({ ready: true });
    const childEnded = await ending;
    process.removeAllListeners('disconnect');
    process.send({ childEnded });
  },

  // The input of a pipe goes to the parent, all of it.
  async stdin() {
    const program = start('stdin-program', ['pipe', 'pipe', 'inherit']);
    const lines = Array.from({ length: 2000 }, (_, n) => `line ${n}\n`);
    const output = text(program.stdout);
    program.stdin.write(lines.slice(0, 10).join(''));
    await once(program.stdout, 'readable');
    for (const line of lines.slice(10)) {
      if (!program.stdin.write(line)) await once(program.stdin, 'drain');
    }
    program.stdin.end();
    assert.equal(await output, `ready\n${lines.join('')}`);
  },

  async 'stdin-program'() {
    const chunks = [];
    process.stdin.on('data', (chunk) => chunks.push([process.pid, chunk]));
    await once(process.stdin, 'data');
    const main = process.pid;
    const [gate, opener] = pipe2(O_CLOEXEC);
    const childEnding = child(async () => {
      close(opener);
      for (let n = 0; n < 20; n++) await new Promise((resolve) => setTimeout(resolve, 1));
      // All that came is from before the fork.
      assert(chunks.every(([pid]) => pid === main));
      assert.equal(process.stdin.isPaused(), true);
      read(gate, new Uint8Array(1));
    });
    console.log('ready');
    await once(process.stdin, 'end');
    close(opener);
    well(await childEnding);
    process.stdout.write(Buffer.concat(chunks.map(([, chunk]) => chunk)));
  },

  // The same of a file, whose position the two share.
  async 'stdin-file'() {
    const folder = mkdtempSync(join(tmpdir(), 'truefork-shared-'));
    try {
      const path = join(folder, 'input');
      const content = 'x'.repeat(3_000_000);
      writeFileSync(path, content);
      const program = start('stdin-file-program', [openSync(path), 'pipe', 'inherit']);
      assert.equal(await text(program.stdout), `${content.length}\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },

  async 'stdin-file-program'() {
    let length = 0;
    process.stdin.on('data', (chunk) => (length += chunk.length));
    await once(process.stdin, 'data');
    const childEnding = child(async () => {
      const before = length;
      for (let n = 0; n < 20; n++) await new Promise((resolve) => setTimeout(resolve, 1));
      // A read that was under way at the fork ends in both.
      assert(length - before <= 65_536, `the child has read ${length - before} bytes`);
    });
    await once(process.stdin, 'end');
    well(await childEnding);
    console.log(length);
  },

  // What the parent has written and nobody has read yet comes once, and what the child writes comes too.
  async stdout() {
    for (const stream of ['stdout', 'stderr']) {
      const program = start(`${stream}-program`, ['ignore', 'pipe', 'pipe']);
      // Nobody reads until the child has been forked.
      const [fork] = await once(program[stream === 'stdout' ? 'stderr' : 'stdout'], 'data');
      assert.equal(fork.toString(), 'forked\n');
      const output = await text(program[stream]);
      // The two write as the pipe has room: a line of one may be in the middle of one of the other's.
      const old = output.match(/old \d+ /g);
      assert.equal(old.length, 400);
      assert.equal(new Set(old).size, 400);
      assert.deepEqual(output.match(/child \d\n/g), ['child 0\n', 'child 1\n', 'child 2\n']);
      assert.deepEqual(output.match(/parent\n/g), ['parent\n']);
      if (program.exitCode === null) await once(program, 'exit');
      assert.equal(program.exitCode, 0);
    }
  },

  // What the parent has started with child_process it waits for itself.
  async program() {
    const program = spawn('cat', { stdio: ['pipe', 'ignore', 'inherit'] });
    const pid = fork();
    if (pid === 0) {
      // Only if something else keeps the event loop alive.
      setTimeout(() => process.exit(9), 10_000).unref();
      await once(process, 'beforeExit');
      process.exit(0);
    }
    well(decodeWaitStatus((await waitpidAsync(pid)).status));
    program.stdin.end();
    const [code] = await once(program, 'exit');
    assert.equal(code, 0);
  },

  // A Unix socket that listens is the parent's: closing it in the child, or ending, leaves its file.
  async 'unix-socket'() {
    const folder = mkdtempSync(join(tmpdir(), 'truefork-shared-'));
    const path = join(folder, 'socket');
    const server = createServer((connection) => connection.end('parent'));
    try {
      server.listen(path);
      await once(server, 'listening');
      well(
        await child(async () => {
          server.close();
          await once(server, 'close');
          assert(existsSync(path));
          // One of its own is removed as ever.
          const other = createServer().listen(`${path}-of-the-child`);
          await once(other, 'listening');
          other.close();
          await once(other, 'close');
          assert(!existsSync(`${path}-of-the-child`));
        }),
      );
      well(await child(() => undefined));
      assert(existsSync(path));
      assert.equal(await text(connect(path)), 'parent');
      server.close();
      await once(server, 'close');
      assert(!existsSync(path), 'the parent removes it');
    } finally {
      rmSync(folder, { recursive: true });
    }
  },

  // On a terminal that script(1) makes.
  async terminal() {
    const command = `${process.execPath} ${own} terminal-program`;
    const output = execFileSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8', input: '' });
    assert.match(output, /terminal held/, output);
  },

  async 'terminal-program'() {
    const modes = () => execFileSync('stty', ['-a'], { encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'] });
    const isRaw = () => /-icanon/.test(modes());
    assert.equal(isRaw(), false);
    process.stdin.setRawMode(true);
    assert.equal(isRaw(), true);

    well(await child(() => process.exit()));
    assert.equal(isRaw(), true, 'after process.exit()');
    well(
      await child(() => {
        process.exitCode = 0;
        process.stdin.unref();
      }),
    );
    assert.equal(isRaw(), true, 'after the natural end');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL']) {
      const status = await child(() => {
        kill(process.pid, signal);
        return new Promise((resolve) => setTimeout(resolve, 60_000));
      });
      assert.deepEqual([status.state, status.signal], ['signaled', signal]);
      assert.equal(isRaw(), true, `after ${signal}`);
    }
    // A grandchild's too.
    well(await child(async () => well(await child(() => undefined))));
    assert.equal(isRaw(), true, 'after a grandchild');
    process.stdin.setRawMode(false);
    assert.equal(isRaw(), false);

    // What a child has set itself, its end takes back.
    well(
      await child(() => {
        process.stdin.setRawMode(true);
        assert.equal(isRaw(), true);
      }),
    );
    assert.equal(isRaw(), false, 'after a child that had set it');
    const killed = await child(() => {
      process.stdin.setRawMode(true);
      assert.equal(isRaw(), true);
      kill(process.pid, 'SIGTERM');
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    });
    assert.equal(killed.signal, 'SIGTERM');
    assert.equal(isRaw(), false, 'after a child that had set it and was killed');
    console.log('terminal held');
    process.exit();
  },

  // The end of a child does not make the parent's pipes block.
  async 'blocking-mode'() {
    const program = start('blocking-mode-program', ['pipe', 'pipe', 'inherit']);
    const output = text(program.stdout);
    // It stays open: of a stream that has ended the parent needs nothing more.
    program.stdin.write('input');
    assert.equal(await output, 'held\n');
    program.stdin.end();
  },

  async 'blocking-mode-program'() {
    const flags = () => [0, 1].map((fd) => /^flags:.*$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[0]);
    process.stdin.on('data', () => undefined);
    await once(process.stdin, 'data');
    const before = flags();
    well(await child(() => undefined));
    const pid = fork();
    if (pid === 0) {
      kill(process.pid, 'SIGTERM');
      setTimeout(() => undefined, 60_000);
      return;
    }
    assert.equal(decodeWaitStatus(waitpid(pid, 0).status).signal, 'SIGTERM');
    assert.deepEqual(flags(), before);
    console.log('held');
    process.stdin.destroy();
  },

  // Of a pipe that only the child has used Node takes back what it has set, as it does for every process.
  async 'blocking-mode-own'() {
    const program = start('blocking-mode-own-program', ['ignore', 'pipe', 'inherit']);
    assert.equal(await text(program.stdout), `${'x'.repeat(5)}yyheld\n`);
  },

  async 'blocking-mode-own-program'() {
    const flags = () => /^flags:.*$/m.exec(readFileSync('/proc/self/fdinfo/1', 'utf8'))?.[0];
    const before = flags();
    const waysOut = [
      () => undefined,
      () => process.exit(0),
      () => setTimeout(() => process.exit(0)),
      () => process.once('uncaughtException', () => process.exit(0)) && Promise.reject(new Error('on purpose')),
      () => kill(process.pid, 'SIGTERM'),
    ];
    for (const leave of waysOut) {
      const pid = fork();
      if (pid === 0) {
        process.stdout.write('x');
        assert.notEqual(flags(), before);
        leave();
        return;
      }
      const { code, signal } = decodeWaitStatus(waitpid(pid, 0).status);
      assert.equal(code ?? signal, leave === waysOut.at(-1) ? 'SIGTERM' : 0);
      assert.equal(flags(), before);
    }
    // A child that was forked while another had it so, and uses it when that one has ended.
    process.stderr.write('');
    const [told, teller] = pipe2(0);
    const [gates, openers] = [pipe2(0), pipe2(0)].reduce(
      ([ends, others], [end, other]) => [
        [...ends, end],
        [...others, other],
      ],
      [[], []],
    );
    const pids = gates.map((gate, n) => {
      const pid = fork();
      if (pid === 0) {
        if (n === 0) process.stdout.write('');
        write(teller, new Uint8Array(1));
        read(gate, new Uint8Array(1));
        process.stdout.write('y');
        process.exit(0);
      }
      read(told, new Uint8Array(1));
      return pid;
    });
    for (const [n, pid] of pids.entries()) {
      write(openers[n], new Uint8Array(1));
      well(decodeWaitStatus(waitpid(pid, 0).status));
      assert.equal(flags(), before);
    }
    console.log('held');
  },
};

for (const stream of ['stdout', 'stderr']) {
  // Far more than a pipe holds: most of it waits in libuv, and in the stream.
  cases[`${stream}-program`] = async () => {
    const other = stream === 'stdout' ? process.stderr : process.stdout;
    for (let n = 0; n < 400; n++) process[stream].write(`old ${n} ${'x'.repeat(4000)}\n`);
    assert(process[stream].writableLength > 1_000_000);
    const childEnding = child(async () => {
      for (let n = 0; n < 3; n++) process[stream].write(`child ${n}\n`);
      await new Promise((resolve) => process[stream].write('', resolve));
    });
    other.write('forked\n');
    well(await childEnding);
    process[stream].write('parent\n');
  };
}

await cases[process.argv[2]]();
if (!process.argv[2].endsWith('-program')) console.log('passed');
