// Pipes and FIFOs between processes, by Pipe and Fifo and by the raw calls.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  _exit,
  BlockingIOError,
  close,
  dup2,
  execlp,
  Fifo,
  fork,
  mkfifo,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  open,
  Pipe,
  pipe,
  pipe2,
  read,
  retryOnIntr,
  waitpid,
  write,
} from 'truefork';
import { child, gate, runCase, temporaryFolder, untilItSleeps } from './posix-cases.mjs';

const folder = temporaryFolder();
const path = join(folder, 'fifo');

/** Waits for a child that must end well. */
function ends(pid) {
  assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
}

const openDescriptors = () => readdirSync('/proc/self/fd').map(Number);

/** What comes in one read, as text. */
function readText(fd, length = 1024) {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, read(fd, bytes)).toString();
}

await runCase({
  'between-processes'() {
    const before = openDescriptors();
    const toChild = new Pipe();
    const toParent = new Pipe();
    const pid = child(() => {
      toChild.writer.close();
      toParent.reader.close();
      const question = toChild.reader.readText();
      toParent.writer.write(`${question} – 是的`);
    });
    toChild.reader.close();
    toParent.writer.close();
    toChild.writer.write('兄弟，今天撸串吗？');
    toChild.close();
    assert.equal(toParent.reader.readText(), '兄弟，今天撸串吗？ – 是的');
    toParent.close();
    ends(pid);
    assert.deepEqual(openDescriptors(), before);
  },

  async 'piece-by-piece'() {
    const before = openDescriptors();
    const ours = new Pipe();
    const answers = gate();
    const pid = child(() => {
      for (let i = 0; i < 3; i++) {
        ours.writer.write(`piece ${i}`);
        answers.wait();
      }
    });
    ours.writer.close();
    const pieces = [];
    for await (const piece of ours.reader) {
      pieces.push(piece.toString());
      answers.open();
    }
    assert.deepEqual(pieces, ['piece 0', 'piece 1', 'piece 2']);
    ends(pid);
    ours.close();
    // The gate has two.
    assert.equal(openDescriptors().length, before.length + 2);
  },

  async 'iteration-in-a-fork'() {
    const ours = new Pipe();
    const iteration = ours.reader[Symbol.asyncIterator]().next();
    await new Promise((resolve) => setImmediate(resolve));
    const pid = fork();
    if (pid === 0) {
      // The wait is the parent's: the child's own event loop takes nothing.
      let taken = false;
      void iteration.then(() => (taken = true));
      ours.writer.write('for the parent');
      await new Promise((resolve) => setTimeout(resolve, 20));
      _exit(taken ? 1 : 0);
    }
    assert.equal((await iteration).value.toString(), 'for the parent');
    ends(pid);
  },

  async 'node-streams'() {
    const ours = new Pipe();
    const { readable, writable } = ours.toNodeStreams();
    assert.deepEqual([ours.reader.closed, ours.writer.fd], [true, -1]);
    ours.close();
    writable.end('x'.repeat(500_000));
    assert.equal((await text(readable)).length, 500_000);
  },

  'whole-writes'() {
    for (const flags of [0, O_NONBLOCK]) {
      const ours = new Pipe(flags);
      const pid = child(() => {
        ours.reader.close();
        ours.writer.write(Buffer.alloc(1_000_000, 'x'));
      });
      ours.writer.close();
      const end = ours.reader;
      let total = 0;
      for (;;) {
        try {
          const { length } = end.read();
          if (length === 0) break;
          total += length;
        } catch (error) {
          assert.ok(flags === O_NONBLOCK && error instanceof BlockingIOError);
        }
      }
      assert.equal(total, 1_000_000);
      ends(pid);
    }
  },

  // The lesson's: ps in one child, grep in another, and the parent that closes both ends.
  'ps-grep'() {
    const found = new Pipe();
    const [readEnd, writeEnd] = pipe();
    const children = [];
    let i = 0;
    for (; i < 2; i++) {
      const pid = fork();
      if (pid === 0) break;
      children.push(pid);
    }
    if (i === 0) {
      close(readEnd);
      dup2(writeEnd, 1);
      close(writeEnd);
      execlp('printf', 'printf', '%s\\n', 'bash', 'node', 'sh');
    } else if (i === 1) {
      close(writeEnd);
      dup2(readEnd, 0);
      close(readEnd);
      dup2(found.writer.fd, 1);
      execlp('grep', 'grep', 'sh');
    }
    close(readEnd);
    close(writeEnd);
    found.writer.close();
    children.forEach(ends);
    assert.equal(found.reader.readText(), 'bash\nsh\n');
    found.close();
  },

  // The lesson's: a pipe that does not block, and a father who does something else meanwhile.
  'non-blocking'() {
    const [readEnd, writeEnd] = pipe2(O_NONBLOCK | O_CLOEXEC);
    const go = gate();
    const pid = child(() => {
      close(readEnd);
      go.wait();
      write(writeEnd, Buffer.from('老爸，我出去玩了～'));
    });
    close(writeEnd);
    let misses = 0;
    const message = Buffer.alloc(1024);
    let length = 0;
    while (length === 0) {
      try {
        length = read(readEnd, message.subarray(0, 1));
      } catch (error) {
        assert.ok(error instanceof BlockingIOError);
        if (misses++ === 0) go.open();
      }
    }
    length += read(readEnd, message.subarray(1));
    assert.equal(message.subarray(0, length).toString(), '老爸，我出去玩了～');
    assert.ok(misses > 0);
    ends(pid);
  },

  // The lesson's: one FIFO for both directions, open for both.
  'fifo-both-ways'() {
    mkfifo(path, 0o600);
    const fd = open(path, O_RDWR);
    const heard = gate();
    const pid = child(() => {
      write(fd, Buffer.from('老爸，我想出去玩'));
      heard.wait();
      assert.equal(readText(fd), '去吧乖儿子');
    });
    assert.equal(readText(fd), '老爸，我想出去玩');
    write(fd, Buffer.from('去吧乖儿子'));
    heard.open();
    ends(pid);
  },

  'fifo-raw'() {
    mkfifo(path, 0o600);
    const pid = child(() => {
      const fd = open(path, O_WRONLY);
      write(fd, Buffer.from('我是说话有魔性的小明同学'));
    });
    const fd = open(path, O_RDONLY);
    assert.equal(readText(fd), '我是说话有魔性的小明同学');
    assert.equal(readText(fd), '');
    ends(pid);
  },

  fifo() {
    const fifo = new Fifo(path, { mode: 0o640 });
    assert.ok(fifo.made);
    const pid = child(() => {
      // It is there: who opens it does not remove it.
      const same = new Fifo(path);
      assert.ok(!same.made);
      const writer = same.openWriter();
      writer.write('through the FIFO');
      writer.close();
      same.close();
      // And the maker's copy is not the maker's.
      fifo.close();
      assert.ok(existsSync(path));
    });
    const reader = fifo.openReader();
    assert.equal(reader.readText(), 'through the FIFO');
    reader.close();
    ends(pid);
    fifo.close();
    fifo.close();
    assert.ok(!existsSync(path));
  },

  async 'fifo-async'() {
    const fifo = new Fifo(path);
    const opened = gate();
    const pid = child(() => {
      opened.wait();
      const writer = fifo.openWriter();
      writer.write('one');
      opened.wait();
      writer.write('two');
    });
    const reading = fifo.openReaderAsync();
    // The event loop goes on meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 5));
    opened.open();
    const reader = await reading;
    assert.equal(reader.read().toString(), 'one');
    opened.open();
    const pieces = [];
    for await (const piece of reader) pieces.push(piece.toString());
    assert.deepEqual(pieces, ['two']);
    ends(pid);
    reader.close();

    const writing = fifo.openWriterAsync();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const other = child(() => {
      assert.equal(fifo.openReader().readText(), 'to a late reader');
    });
    const writer = await writing;
    writer.write('to a late reader');
    writer.close();
    ends(other);
    fifo.close();
  },

  async 'fifo-given-up'() {
    const before = openDescriptors();
    const fifo = new Fifo(path);
    for (const opening of ['openReaderAsync', 'openWriterAsync']) {
      const controller = new AbortController();
      const opened = fifo[opening]({ signal: controller.signal });
      setImmediate(() => controller.abort(new Error('enough')));
      await assert.rejects(opened, { message: 'enough' });
      await assert.rejects(fifo[opening]({ signal: AbortSignal.abort() }), { name: 'AbortError' });
    }
    assert.deepEqual(openDescriptors(), before);
    fifo.close();
  },

  'writer-waits-for-a-reader'() {
    mkfifo(path, 0o600);
    const pid = child(() => {
      const fd = retryOnIntr(() => open(path, O_WRONLY));
      write(fd, Buffer.from('x'));
    });
    untilItSleeps(pid);
    assert.equal(readText(open(path, O_RDONLY)), 'x');
    ends(pid);
  },
});
