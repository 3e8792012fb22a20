import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as truefork from 'truefork/posix';
import { close, fcntl, Fifo, Pipe } from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';
import { folder } from './descriptors';

describe('a Pipe', () => {
  test('is closed with a block, each end by itself, and again', () => {
    const pipe = new Pipe();
    const { reader, writer } = pipe;
    const fds = [reader.fd, writer.fd];
    expect(fds.map((fd) => fcntl(fd, truefork.F_GETFD))).toEqual([truefork.FD_CLOEXEC, truefork.FD_CLOEXEC]);
    writer[Symbol.dispose]();
    expect([reader.closed, writer.closed, writer.fd]).toEqual([false, true, -1]);
    pipe[Symbol.dispose]();
    pipe.close();
    expect([reader.closed, writer.closed]).toEqual([true, true]);
    for (const fd of fds) expect(thrownBy(close.bind(null, fd))).toMatchObject({ code: 'EBADF' });
  });

  test('writes texts and bytes, and reads what there is', () => {
    const pipe = new Pipe();
    pipe.writer.write('naïve ');
    pipe.writer.write(Buffer.from('文件'));
    pipe.writer.write(new Uint16Array([0x4141]));
    pipe.writer.write('');
    expect(pipe.reader.read(6).toString()).toBe('naïve');
    expect(pipe.reader.read().toString()).toBe(' 文件AA');
    pipe.writer.close();
    expect([pipe.reader.read(), pipe.reader.readAll(), pipe.reader.readText()]).toEqual([
      Buffer.alloc(0),
      Buffer.alloc(0),
      '',
    ]);
    pipe.close();
  });

  test('that is closed is a mistake to read and to write', () => {
    const pipe = new Pipe();
    pipe.close();
    expect(thrownBy(() => pipe.reader.read())).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    const write = () => {
      pipe.writer.write('x');
    };
    expect(thrownBy(write)).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(thrownBy(() => pipe.toNodeStreams())).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });

  test('that nobody reads is a BrokenPipeError', () => {
    const pipe = new Pipe();
    pipe.reader.close();
    const write = () => {
      pipe.writer.write('x');
    };
    expect(thrownBy(write)).toBeInstanceOf(truefork.BrokenPipeError);
    pipe.close();
  });

  test('ends its iteration when it is closed meanwhile', async () => {
    const pipe = new Pipe();
    const next = pipe.reader[Symbol.asyncIterator]().next();
    setImmediate(() => {
      pipe.close();
    });
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('is waited for until there is something, or no longer', async () => {
    const pipe = new Pipe();
    const controller = new AbortController();
    const given = pipe.reader.readable({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    const readable = pipe.reader.readable();
    pipe.writer.write('x');
    await readable;
    await pipe.reader.readable();
    expect(pipe.reader.read().toString()).toBe('x');
    pipe.close();
  });

  holdsOnEveryNode('posix-pipe.mjs', {
    'between-processes': 'two make a conversation of two processes',
    'piece-by-piece': 'is read piece by piece in the event loop',
    'iteration-in-a-fork': 'is read in the event loop of the parent, not of its child',
    'node-streams': 'becomes two streams of Node.js',
  });
  holds('posix-pipe.mjs', { 'whole-writes': 'takes all that is written, whether it blocks or not' });
});

describe('a Fifo', () => {
  test('that is another file is EEXIST', () => {
    const path = join(folder(), 'file');
    writeFileSync(path, '');
    expect(thrownBy(() => new Fifo(path))).toMatchObject({ code: 'EEXIST', syscall: 'mkfifo', path });
  });

  test('in no folder is ENOENT', () => {
    expect(thrownBy(() => new Fifo(join(folder(), 'x', 'y')))).toMatchObject({ code: 'ENOENT', syscall: 'mkfifo' });
  });

  holdsOnEveryNode('posix-pipe.mjs', {
    fifo: 'joins two processes, and is removed by the one that has made it',
    'fifo-async': 'opens without holding up the event loop',
  });
  holds('posix-pipe.mjs', { 'fifo-given-up': 'need not be waited for any longer' });
});

describe('the programs of the lesson', () => {
  holds('posix-pipe.mjs', {
    'ps-grep': 'two children joined by a pipe, and a parent that closes both ends',
    'non-blocking': 'a pipe that does not block, and a parent that does something else meanwhile',
    'fifo-raw': 'a FIFO between a program that reads and one that writes',
    'fifo-both-ways': 'a FIFO that is open for both directions in parent and child',
    'writer-waits-for-a-reader': 'a FIFO whose writer waits for its reader',
  });
});
