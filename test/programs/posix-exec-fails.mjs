// An exec that fails leaves the process as it was: node posix-exec-fails.mjs <case>.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import {
  close,
  execlp,
  execv,
  execve,
  execvp,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  fcntl,
  FileNotFoundError,
  fexecve,
  NotADirectoryError,
  O_CLOEXEC,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  open,
  ownChildren,
  PermissionError,
  PosixError,
} from 'truefork';
import { runCase, temporaryFolder } from './posix-cases.mjs';
import { printedAs } from './support/printing.mjs';

const folder = temporaryFolder();

function file(name, contents, mode = 0o755) {
  const path = join(folder, name);
  writeFileSync(path, contents);
  chmodSync(path, mode);
  return path;
}

// A file of ELF's format whose interpreter is at a place where no file has anything.
function damaged() {
  const header = readFileSync(process.execPath).subarray(0, 64);
  const elf = Buffer.alloc(64 + 2 * 56);
  header.copy(elf);
  elf.writeBigUInt64LE(64n, 32); // e_phoff
  elf.writeUInt16LE(2, 56); // e_phnum
  elf.writeUInt32LE(3, 64); // p_type: PT_INTERP
  elf.writeBigUInt64LE(2n ** 63n, 64 + 8); // p_offset: negative
  elf.writeBigUInt64LE(16n, 64 + 32); // p_filesz
  return elf;
}

/** All that an exec changes before it is done, and that the process has still to have. */
function state() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const signals = ['SigBlk', 'SigIgn', 'SigCgt', 'ShdPnd'].map((name) => new RegExp(`${name}:.*`).exec(status)[0]);
  const flags = [0, 1, 2].map((fd) => [fcntl(fd, F_GETFL), fcntl(fd, F_GETFD)]);
  const descriptors = readdirSync('/proc/self/fd').length;
  return { signals, flags, descriptors, children: ownChildren() };
}

/** @param threads whether it has the same threads: V8 starts and ends none while it is idle */
function fails(call, code, type, syscall, details) {
  const before = state();
  assert.throws(call, (error) => {
    assert.ok(error instanceof type, `${String(call)}: ${error}`);
    assert.deepEqual({ code: error.code, syscall: error.syscall }, { code, syscall }, String(call));
    for (const [name, value] of Object.entries(details)) assert.equal(error[name], value);
    assert.ok(error.stack.split('\n')[1].includes('posix-exec-fails.mjs'), error.stack);
    return true;
  });
  assert.deepEqual(state(), before, String(call));
}

await runCase({
  async errors() {
    process.on('SIGTERM', () => undefined);
    // As libuv leaves a terminal and a pipe.
    fcntl(0, F_SETFD, FD_CLOEXEC);
    for (const fd of [0, 1]) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    symlinkSync('loop', join(folder, 'loop'));
    mkdirSync(join(folder, 'directory'));
    const text = file('text', 'echo a script without an interpreter\n');
    const busy = join(folder, 'busy');
    copyFileSync('/bin/true', busy);
    const writer = open(busy, O_WRONLY | O_CLOEXEC);
    const rows = [
      ['ENOENT', FileNotFoundError, '/nonexistent/program'],
      ['ENOENT', FileNotFoundError, file('no-interpreter', '#!/nonexistent/interpreter\n')],
      ['ENOENT', FileNotFoundError, ''],
      ['EACCES', PermissionError, file('not-executable', '#!/bin/sh\n', 0o644)],
      ['EACCES', PermissionError, join(folder, 'directory')],
      ['ENOTDIR', NotADirectoryError, join(text, 'program')],
      ['ENOEXEC', PosixError, text],
      ['ENOEXEC', PosixError, file('empty', '')],
      ['ENAMETOOLONG', PosixError, join(folder, 'n'.repeat(256))],
      ['ELOOP', PosixError, join(folder, 'loop')],
      ['EINVAL', PosixError, file('damaged', damaged())],
      // Linux 6.11 and 6.12 let it be executed.
      ...(/^6\.1[12]\./.test(release()) ? [] : [['ETXTBSY', PosixError, busy]]),
    ];
    for (const [code, type, path] of rows) {
      fails(() => execv(path, ['name']), code, type, 'execv', { path });
      fails(() => execve(path, ['name'], {}), code, type, 'execve', { path });
    }
    const long = 'x'.repeat(128 * 1024);
    fails(() => execv('/bin/true', ['true', long]), 'E2BIG', PosixError, 'execv', { path: '/bin/true' });
    fails(() => execve('/bin/true', ['true'], { long }), 'E2BIG', PosixError, 'execve', { path: '/bin/true' });
    const script = file('script', '#!/bin/sh\necho a script\n');
    const fd = open(script, O_PATH | O_CLOEXEC);
    fails(() => fexecve(fd, ['script'], {}), 'ENOENT', FileNotFoundError, 'fexecve', { fd });
    close(fd);
    fails(() => fexecve(fd, ['script'], {}), 'EBADF', PosixError, 'fexecve', { fd });
    close(writer);
    // It goes on: the event loop, the threadpool, and the next exec.
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.match(await readFile(script, 'utf8'), /echo/);
    const again = printedAs(() => fexecve(open(script, O_RDONLY), ['script'], process.env));
    assert.equal(again.text, 'a script\n');
  },

  search() {
    const first = join(folder, 'first');
    const second = join(folder, 'second');
    for (const directory of [first, second]) mkdirSync(directory);
    writeFileSync(join(first, 'tool'), '#!/bin/sh\necho first\n', { mode: 0o644 });
    // Of the directories of whoever runs this, some may not be everybody's to search: EACCES.
    process.env.PATH = `${first}:${second}:/usr/bin:/bin`;
    fails(() => execvp('tool', ['tool']), 'EACCES', PermissionError, 'execvp', { path: 'tool' });
    fails(() => execvp('no-tool', ['tool']), 'ENOENT', FileNotFoundError, 'execvp', { path: 'no-tool' });
    fails(() => execvp('', ['tool']), 'ENOENT', FileNotFoundError, 'execvp', { path: '' });
    // One that cannot be executed is passed over.
    writeFileSync(join(second, 'tool'), '#!/bin/sh\necho second\n', { mode: 0o755 });
    assert.equal(printedAs(() => execvp('tool', ['tool'])).text, 'second\n');
    // What has no format is a script for the shell, with its arguments.
    writeFileSync(join(second, 'plain'), 'echo "$0 $1"\n', { mode: 0o755 });
    assert.equal(printedAs(() => execvp('plain', ['plain', 'one'])).text, `${second}/plain one\n`);
    // A name with a slash is not looked for.
    process.chdir(second);
    assert.equal(printedAs(() => execvp('./plain', ['plain', 'two'])).text, './plain two\n');
    // Without PATH there are the directories of the system.
    delete process.env.PATH;
    assert.equal(printedAs(() => execlp('sh', 'sh', '-c', 'echo found')).text, 'found\n');
  },
});
