// A child that is another program: node posix-spawn.mjs <case>.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  close,
  decodeWaitStatus,
  dup3,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  fcntl,
  FileNotFoundError,
  getpid,
  O_CLOEXEC,
  O_CREAT,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  open,
  ownChildren,
  PermissionError,
  pipe2,
  SIG_DFL,
  SIG_IGN,
  signal,
  PosixError,
  posixSpawn,
  posixSpawnp,
  SCHED_FIFO,
  SCHED_OTHER,
  SCHED_RR,
  waitpid,
  WNOHANG,
} from 'truefork';
import { child, library, runCase, temporaryFolder } from './posix-cases.mjs';
import { lineOf, printedBy, readAll, strings } from './support/printing.mjs';

const folder = temporaryFolder();
const ended = { state: 'exited', code: 0 };

/** What a program prints whose stdout is a pipe. */
function printed(path, argv, env = process.env, { fileActions = [], attributes } = {}) {
  const { text, status } = printedBy((fd) =>
    posixSpawnp(path, argv, env, {
      fileActions: [{ action: 'dup2', fd, newfd: 1 }, ...fileActions],
      ...(attributes && { attributes }),
    }),
  );
  assert.deepEqual(status, ended, text);
  return text;
}

const cat = (name, attributes) => printed('cat', ['cat', `/proc/self/${name}`], process.env, { attributes });

/** state, ppid, group, session, …, by their numbers in proc_pid_stat(5) */
const statOf = (text) => ['', '', '', ...text.slice(text.lastIndexOf(')') + 2).split(' ')];

await runCase({
  'argv-and-env'() {
    const argv = ['a name', '-c', 'cat /proc/$$/environ; exit 3', 'ü'];
    const { text, status } = printedBy((fd) =>
      posixSpawn('/bin/sh', argv, { A: '1', B: undefined }, { fileActions: [{ action: 'dup2', fd, newfd: 1 }] }),
    );
    assert.deepEqual(status, { state: 'exited', code: 3 });
    assert.deepEqual(strings(text), ['A=1']);
    assert.deepEqual(strings(printed('cat', ['b', '/proc/self/cmdline'], ['A=1'])), ['b', '/proc/self/cmdline']);
  },

  'own-to-wait-for'() {
    const pid = posixSpawn('/bin/true', ['true'], {});
    assert.deepEqual(ownChildren(), [pid]);
    assert.deepEqual(waitpid(-1, 0), { pid, status: 0 });
    assert.deepEqual(ownChildren(), []);
    assert.throws(() => waitpid(-1, WNOHANG), { code: 'ECHILD' });
  },

  'file-actions'() {
    const path = join(folder, 'out');
    const [reader, writer] = pipe2(0);
    process.umask(0o22);
    const pid = posixSpawn('/bin/sh', ['sh', '-c', 'ls /proc/$$/fd; cat; echo to stderr >&2'], process.env, {
      fileActions: [
        // In their order: what 1 is opened for, 2 and 9 get, and what 7 gets is closed.
        { action: 'open', fd: 0, path: '/dev/null', flags: O_RDONLY },
        { action: 'open', fd: 1, path, flags: O_WRONLY | O_CREAT, mode: 0o666 },
        { action: 'dup2', fd: 1, newfd: 2 },
        { action: 'dup2', fd: 1, newfd: 9 },
        { action: 'dup2', fd: reader, newfd: 7 },
        { action: 'close', fd: 7 },
        { action: 'close', fd: reader },
        { action: 'close', fd: writer },
      ],
    });
    assert.equal(waitpid(pid, 0).status, 0);
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    assert.equal(lines.pop(), 'to stderr');
    assert.ok(
      ['0', '1', '2', '9'].every((fd) => lines.includes(fd)),
      lines.join(),
    );
    assert.ok(![7, reader, writer].some((fd) => lines.includes(String(fd))), lines.join());
    assert.equal(printed('stat', ['stat', '-c', '%a', path]), '644\n');
    // An action that comes later has what one before it has made.
    const { text } = printedBy((fd) =>
      posixSpawnp('echo', ['echo', 'twice'], process.env, {
        fileActions: [
          { action: 'dup2', fd, newfd: 8 },
          { action: 'close', fd: 1 },
          { action: 'dup2', fd: 8, newfd: 1 },
          { action: 'close', fd: 8 },
        ],
      }),
    );
    assert.equal(text, 'twice\n');
    // One that is made another of itself is inherited.
    const kept = open('/dev/null', O_RDONLY | O_CLOEXEC);
    const same = [{ action: 'dup2', fd: kept, newfd: kept }];
    assert.equal(
      printed('readlink', ['readlink', `/proc/self/fd/${kept}`], process.env, { fileActions: same }),
      '/dev/null\n',
    );
  },

  // 0 to 2 are there for the program, whatever Node.js has made of them.
  'standard-descriptors'() {
    const pid = child(() => {
      const [reader, writer] = pipe2(O_CLOEXEC);
      const [untouched] = pipe2(O_CLOEXEC | O_NONBLOCK);
      fcntl(writer, F_SETFL, O_NONBLOCK);
      dup3(untouched, 0, 0);
      dup3(writer, 1, O_CLOEXEC);
      fcntl(2, F_SETFD, FD_CLOEXEC);
      const ls = posixSpawnp('ls', ['ls', '/proc/self/fd'], process.env, {
        fileActions: [{ action: 'open', fd: 0, path: '/dev/null', flags: O_RDONLY }],
      });
      close(writer);
      close(1);
      const text = readAll(reader);
      assert.equal(waitpid(ls, 0).status, 0);
      assert.ok(text.startsWith('0\n1\n2\n'), text);
      // What the program has no use for stays as it was.
      assert.equal(fcntl(0, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
      const [, blocks] = pipe2(O_NONBLOCK);
      dup3(blocks, 1, 0);
      assert.throws(() => posixSpawn('/nonexistent', ['a'], {}), { code: 'ENOENT' });
      assert.equal(fcntl(1, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
      waitpid(posixSpawn('/bin/true', ['true'], {}), 0);
      assert.equal(fcntl(1, F_GETFL) & O_NONBLOCK, 0);
      close(1);
      assert.equal(waitpid(posixSpawn('/bin/true', ['true'], {}), 0).status, 0);
    });
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), ended);
  },

  signals() {
    process.on('SIGTERM', () => undefined);
    const status = (attributes) => cat('status', attributes);
    // (glibc's own two are ignored in what it spawns.)
    const ignores = (attributes) => BigInt(`0x${lineOf(status(attributes), 'SigIgn')}`) & ~0x1_8000_0000n;
    assert.equal(ignores(), 0n);
    for (const line of ['SigBlk', 'SigCgt']) assert.equal(lineOf(status(), line), '0'.repeat(16), line);
    assert.equal(lineOf(status({ setsigmask: ['SIGUSR1', 'SIGTERM', 64] }), 'SigBlk'), '8000000000004200');
    assert.equal(lineOf(status({ setsigmask: [] }), 'SigBlk'), '0'.repeat(16));
    assert.equal(lineOf(status({ setsigdef: ['SIGUSR1', 1] }), 'SigCgt'), '0'.repeat(16));
    // What the program itself ignores, the next one does, unless it is told otherwise.
    signal('SIGPIPE', SIG_IGN);
    signal('SIGUSR1', SIG_IGN);
    assert.equal(ignores(), 0x1200n);
    assert.equal(ignores({ setsigdef: ['SIGUSR1'] }), 0x1000n);
    signal('SIGPIPE', SIG_DFL);
    signal('SIGUSR1', SIG_DFL);
    assert.equal(ignores(), 0n);
    // Who writes what nobody reads ends.
    const [reader, writer] = pipe2(O_CLOEXEC);
    const pid = posixSpawnp('yes', ['yes'], process.env, { fileActions: [{ action: 'dup2', fd: writer, newfd: 1 }] });
    close(reader);
    close(writer);
    assert.deepEqual(decodeWaitStatus(waitpid(pid, 0).status), {
      state: 'signaled',
      signal: 'SIGPIPE',
      coreDumped: false,
    });
  },

  'groups-and-sessions'() {
    const ids = (attributes) => statOf(cat('stat', attributes)).slice(4, 7).map(Number);
    const own = statOf(readFileSync('/proc/self/stat', 'latin1')).slice(5, 7).map(Number);
    assert.deepEqual(ids(), [getpid(), ...own]);
    const script = 'set -- $(cat /proc/$$/stat | sed "s/.*) //"); test $3 -eq $$ && test $4 -eq $0 && echo yes';
    const leads = (session, attributes) =>
      printed('sh', ['sh', '-c', script.replace('$0', () => session)], process.env, { attributes });
    assert.equal(leads(own[1], { setpgroup: 0 }), 'yes\n');
    assert.equal(leads('$$', { setsid: true }), 'yes\n');
    // A group that there is already.
    const [reader, writer] = pipe2(0);
    const leader = posixSpawn(
      '/bin/cat',
      ['cat'],
      {},
      {
        fileActions: [
          { action: 'dup2', fd: reader, newfd: 0 },
          { action: 'close', fd: writer },
        ],
        attributes: { setpgroup: 0 },
      },
    );
    assert.equal(ids({ setpgroup: leader })[1], leader);
    close(writer);
    waitpid(leader, 0);
  },

  'scheduler-and-ids'() {
    const policy = (attributes) => Number(statOf(cat('stat', attributes))[41]);
    assert.equal(policy(), SCHED_OTHER);
    for (const realTime of [SCHED_FIFO, SCHED_RR]) {
      try {
        assert.equal(policy({ scheduler: { policy: realTime, priority: 1 } }), realTime);
      } catch (error) {
        // Not for everybody.
        assert.equal(error.code, 'EPERM');
      }
    }
    assert.equal(policy({ scheduler: { priority: 0 } }), SCHED_OTHER);
    // A priority that the policy has not, and a policy that glibc does not hand over.
    for (const scheduler of [
      { policy: SCHED_OTHER, priority: 1 },
      { policy: 3, priority: 0 },
    ]) {
      const wrong = { attributes: { scheduler } };
      assert.throws(() => posixSpawn('/bin/true', ['true'], {}, wrong), { code: 'EINVAL', syscall: 'posix_spawn' });
    }
    const users = (attributes) => lineOf(cat('status', attributes), 'Uid').split('\t').slice(0, 2);
    if (process.getuid() === 0) process.seteuid(65534);
    const [real, effective] = users();
    assert.deepEqual([real, effective], [String(process.getuid()), String(process.geteuid())]);
    assert.deepEqual(users({ resetids: true }), [real, real]);
    process.seteuid(Number(real));
  },

  failures() {
    const fails = (call, code, type, details) => {
      assert.throws(call, (error) => {
        assert.ok(error instanceof type, String(error));
        assert.equal(error.code, code);
        for (const [name, value] of Object.entries(details)) assert.equal(error[name], value);
        assert.ok(error.stack.split('\n')[1].includes('posix-spawn.mjs'), error.stack);
        return true;
      });
      // No zombie.
      assert.throws(() => waitpid(-1, WNOHANG), { code: 'ECHILD' });
    };
    const spawn = (path, options) => () => posixSpawn(path, ['name'], {}, options);
    // A directory that may not be searched would be EACCES.
    process.env.PATH = '/usr/bin:/bin';
    fails(spawn('/nonexistent'), 'ENOENT', FileNotFoundError, { syscall: 'posix_spawn', path: '/nonexistent' });
    fails(() => posixSpawnp('no-such-tool', ['a'], {}), 'ENOENT', FileNotFoundError, { syscall: 'posix_spawnp' });
    fails(spawn(folder), 'EACCES', PermissionError, { path: folder });
    const closed = [{ action: 'dup2', fd: 999, newfd: 1 }];
    fails(spawn('/bin/true', { fileActions: closed }), 'EBADF', PosixError, {});
    const missing = [{ action: 'open', fd: 0, path: '/nonexistent', flags: O_RDONLY }];
    fails(spawn('/bin/true', { fileActions: missing }), 'ENOENT', FileNotFoundError, { path: '/bin/true' });
    fails(spawn('/bin/true', { attributes: { setpgroup: 1 } }), 'EPERM', PermissionError, {});
    const long = 'x'.repeat(128 * 1024);
    fails(() => posixSpawn('/bin/true', ['true', long], {}), 'E2BIG', PosixError, {});
    // To close what is not open is no mistake.
    const pid = posixSpawn('/bin/true', ['true'], {}, { fileActions: [{ action: 'close', fd: 999 }] });
    assert.equal(waitpid(pid, 0).status, 0);
  },

  mistakes() {
    const type = 'ERR_INVALID_ARG_TYPE';
    const value = 'ERR_INVALID_ARG_VALUE';
    const range = 'ERR_OUT_OF_RANGE';
    const action = (given) => ({ fileActions: [given] });
    const attribute = (attributes) => ({ attributes });
    for (const [code, options] of [
      [type, null],
      [type, { fileActions: {} }],
      [type, action(null)],
      [type, action({})],
      [value, action({ action: 'dup', fd: 1 })],
      [range, action({ action: 'close', fd: -1 })],
      [type, action({ action: 'dup2', fd: 1 })],
      [range, action({ action: 'dup2', fd: 1, newfd: NaN })],
      [type, action({ action: 'open', fd: 1, flags: 0 })],
      [type, action({ action: 'open', fd: 1, path: 'a' })],
      [value, action({ action: 'open', fd: 1, path: 'a\0', flags: 0 })],
      [range, action({ action: 'open', fd: 1, path: 'a', flags: 0, mode: 0o10000 })],
      [type, attribute(null)],
      [range, attribute({ setpgroup: -1 })],
      [range, attribute({ setpgroup: 2 ** 31 })],
      [type, attribute({ setsid: 1 })],
      [type, attribute({ resetids: 'yes' })],
      [type, attribute({ setsigmask: 'SIGTERM' })],
      ['ERR_UNKNOWN_SIGNAL', attribute({ setsigmask: ['SIGNOTHING'] })],
      [range, attribute({ setsigdef: [65] })],
      [range, attribute({ setsigdef: [0] })],
      [type, attribute({ scheduler: SCHED_RR })],
      [type, attribute({ scheduler: { policy: SCHED_RR } })],
      [range, attribute({ scheduler: { policy: 0.5, priority: 0 } })],
    ]) {
      assert.throws(() => posixSpawn('/bin/true', ['true'], {}, options), { code }, JSON.stringify(options));
    }
    assert.throws(() => posixSpawn('/bin/true', [], {}), { code: value });
    assert.throws(() => posixSpawn('/bin/true', ['true']), { code: type });
    assert.throws(() => posixSpawn(1, ['true'], {}), { code: type });
    assert.throws(() => waitpid(-1, WNOHANG), { code: 'ECHILD' });
  },

  async 'in-a-worker'() {
    const code = `
      const { posixSpawn, waitpid } = require(${JSON.stringify(library)});
      const { status } = waitpid(posixSpawn('/bin/sh', ['sh', '-c', 'exit 5'], {}), 0);
      require('node:worker_threads').parentPort.postMessage(status);`;
    const worker = new Worker(code, { eval: true });
    assert.deepEqual(await once(worker, 'message'), [5 << 8]);
    await once(worker, 'exit');
  },

  'in-a-child'() {
    const pid = child(() => {
      const program = posixSpawnp('sh', ['sh', '-c', 'exit 7'], process.env);
      return waitpid(program, 0).status >> 8;
    });
    assert.equal(waitpid(pid, 0).status, 7 << 8);
    assert.match(readlinkSync('/proc/self/exe'), /node/);
  },
});
