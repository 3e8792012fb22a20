// Pid files, as processes that hold, find and lose them. The first argument names the case, the second is the path.
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { _exit, fork, pipe2, read, waitpid, write } from 'truefork';
import { checkPidFile, readPidFile, writePidFile } from 'truefork/daemon';

const [, , name, path] = process.argv;

/** A child that has made what `body` makes, and that ends when `end` is called: by _exit, which removes nothing. */
function holder(body) {
  const [ready, readyEnd] = pipe2(0);
  const [go, goEnd] = pipe2(0);
  const pid = fork();
  if (pid === 0) {
    body();
    write(readyEnd, Uint8Array.of(1));
    read(go, new Uint8Array(1));
    _exit(0);
  }
  read(ready, new Uint8Array(1));
  return {
    pid,
    end() {
      write(goEnd, Uint8Array.of(1));
      waitpid(pid, 0);
    },
  };
}

const alone = () => assert.deepEqual(readdirSync(dirname(path)), existsSync(path) ? ['x.pid'] : []);

const cases = {
  'write-remove'() {
    const file = writePidFile(path);
    assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
    assert.equal(readPidFile(path), process.pid);
    alone();
    file.remove();
    file.remove();
    assert.equal(existsSync(path), false);
    assert.throws(() => readPidFile(path), { code: 'ENOENT' });
  },

  'at-exit'() {
    writePidFile(path);
  },

  // By a path that is relative to where it was written.
  moved() {
    const folder = dirname(path);
    process.chdir(folder);
    const file = writePidFile('x.pid');
    const elsewhere = mkdtempSync(`${folder}-`);
    try {
      process.chdir(elsewhere);
      file.renew();
      assert.deepEqual(readdirSync(elsewhere), []);
      assert.equal(readPidFile(path), process.pid);
      file.remove();
      assert.equal(existsSync(path), false);
    } finally {
      rmdirSync(elsewhere);
    }
  },

  running() {
    const other = holder(() => writePidFile(path));
    const refused = {
      code: 'ERR_PID_FILE_RUNNING',
      path,
      message: `process ${other.pid} runs with the pid file ${path}`,
    };
    assert.equal(readPidFile(path), other.pid);
    assert.throws(() => checkPidFile(path), refused);
    assert.throws(() => writePidFile(path), refused);
    assert.equal(readFileSync(path, 'utf8'), `${other.pid}\n`);
    alone();
    other.end();
    assert.equal(existsSync(path), true);
    assert.equal(readPidFile(path), undefined);
    checkPidFile(path);
    writePidFile(path).remove();
    alone();
  },

  'taken-over'() {
    const file = writePidFile(path);
    const server = process.pid;
    for (const back of [true, false]) {
      // Somebody else may not: who has the pid that is in the file may.
      const next = holder(() => {
        assert.throws(() => writePidFile(path, process.pid), { code: 'ERR_PID_FILE_RUNNING' });
        checkPidFile(path, server);
        writePidFile(path, server);
      });
      assert.equal(readPidFile(path), next.pid);
      alone();
      // Nothing of this one's is there to be removed, or to be written again.
      if (!back) file.remove();
      else assert.throws(() => file.renew(), { code: 'ERR_PID_FILE_RUNNING' });
      assert.equal(readPidFile(path), next.pid);
      next.end();
      if (!back) continue;
      file.renew();
      assert.equal(readPidFile(path), server);
      file.renew();
      alone();
    }
    assert.equal(existsSync(path), true);
  },

  // Its number is that of a process that runs, and is somebody else.
  'pid-reuse'() {
    for (const text of [`${process.pid}\n`, '1\n', '1', '']) {
      writeFileSync(path, text);
      assert.equal(readPidFile(path), undefined);
      checkPidFile(path);
      const file = writePidFile(path);
      assert.equal(readPidFile(path), process.pid);
      file.remove();
    }
  },

  children() {
    const file = writePidFile(path);
    const child = holder(() => file.remove());
    assert.equal(readPidFile(path), process.pid);
    child.end();
    assert.equal(readPidFile(path), process.pid);
    // A child that lives longer than who had the file.
    const [told, tellEnd] = pipe2(0);
    const [go, goEnd] = pipe2(0);
    const middle = fork();
    if (middle === 0) {
      file.remove();
      const own = writePidFile(`${path}.2`);
      assert.equal(own.path, `${path}.2`);
      if (fork() === 0) {
        // Only now it has let go.
        write(tellEnd, Uint8Array.of(1));
        read(go, new Uint8Array(1));
      }
      _exit(0);
    }
    read(told, new Uint8Array(1));
    waitpid(middle, 0);
    assert.equal(readPidFile(`${path}.2`), undefined);
    write(goEnd, Uint8Array.of(1));
  },

  // Somebody has put another file there meanwhile: it is not ours to remove.
  'not-ours'() {
    const file = writePidFile(path);
    renameSync(path, `${path}.away`);
    writeFileSync(path, '1\n');
    file.remove();
    assert.equal(readFileSync(path, 'utf8'), '1\n');
  },

  'no-pid-file'() {
    const refused = { code: 'ERR_PID_FILE', path };
    for (const text of ['precious\n', '12 34\n', '-1\n']) {
      writeFileSync(path, text);
      for (const call of [checkPidFile, writePidFile]) assert.throws(() => call(path), refused);
      assert.throws(() => readPidFile(path), { message: 'what is there is no pid file' });
      assert.equal(readFileSync(path, 'utf8'), text);
    }
    mkdirSync(`${path}.d`);
    symlinkSync('nowhere', `${path}.link`);
    for (const other of [`${path}.d`, `${path}.link`, `${path}.d/missing/x`]) {
      for (const call of [checkPidFile, writePidFile]) assert.throws(() => call(other), { code: 'ERR_PID_FILE' });
    }
    assert.deepEqual(readdirSync(dirname(path)).sort(), ['x.pid', 'x.pid.d', 'x.pid.link']);
  },

  // Many want it at once, over a file that was left behind and over none: one gets it.
  together() {
    for (const stale of [true, false]) {
      if (stale) writeFileSync(path, '1\n');
      const [start, startEnd] = pipe2(0);
      const [results, resultEnd] = pipe2(0);
      const [go, goEnd] = pipe2(0);
      const pids = Array.from({ length: 8 }, () => {
        const pid = fork();
        if (pid !== 0) return pid;
        read(start, new Uint8Array(1));
        let file;
        try {
          file = writePidFile(path);
        } catch (error) {
          if (error.code !== 'ERR_PID_FILE_RUNNING') throw error;
        }
        write(resultEnd, Uint8Array.of(file ? 1 : 0));
        read(go, new Uint8Array(1));
        file?.remove();
        return _exit(0);
      });
      write(startEnd, new Uint8Array(pids.length));
      let winners = 0;
      const result = new Uint8Array(1);
      pids.forEach(() => {
        read(results, result);
        winners += result[0];
      });
      assert.equal(winners, 1);
      alone();
      write(goEnd, new Uint8Array(pids.length));
      for (const pid of pids) waitpid(pid, 0);
      assert.equal(existsSync(path), false);
    }
  },
};

await cases[name]();
console.log('passed');
