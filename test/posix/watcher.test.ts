import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import {
  close,
  get_blocking,
  open,
  O_RDONLY,
  PermissionError,
  pipe2,
  set_blocking,
  Watcher,
  write,
} from 'truefork/posix';
import { programPath, run, nodes } from '../support/programs';
import { holdsOnEveryNode, thrownBy } from './cases';

describe('a watcher', () => {
  test('calls back from the event loop, not from its construction', async () => {
    const [readEnd, writeEnd] = pipe2(0);
    write(writeEnd, Buffer.from('x'));
    let constructed = false;
    await new Promise<void>((resolve) => {
      const watcher = new Watcher(readEnd, () => {
        expect(constructed).toBe(true);
        watcher.close();
        resolve();
      });
      constructed = true;
    });
    close(readEnd);
    close(writeEnd);
  });

  test('calls back without arguments', async () => {
    const [readEnd, writeEnd] = pipe2(0);
    close(writeEnd);
    const got = await new Promise<unknown[]>((resolve) => {
      const watcher = new Watcher(readEnd, (...all: unknown[]) => {
        watcher.close();
        resolve(all);
      });
    });
    expect(got).toEqual([]);
    close(readEnd);
  });

  test('leaves what is open not blocking, which can be taken back', () => {
    const [readEnd, writeEnd] = pipe2(0);
    const watcher = new Watcher(readEnd, () => undefined);
    expect(get_blocking(readEnd)).toBe(false);
    set_blocking(readEnd, true);
    watcher.close();
    expect(get_blocking(readEnd)).toBe(true);
    close(readEnd);
    close(writeEnd);
  });

  test('of a regular file is a PermissionError', () => {
    const fd = open(__filename, O_RDONLY);
    const error = thrownBy(() => new Watcher(fd, () => undefined));
    expect(error).toBeInstanceOf(PermissionError);
    expect(error).toMatchObject({ code: 'EPERM', syscall: 'epoll_ctl', fd });
    close(fd);
  });

  test('of a descriptor that the event loop watches already is EEXIST', async () => {
    const [readEnd, writeEnd] = pipe2(0);
    const watcher = new Watcher(readEnd, () => undefined);
    expect(thrownBy(() => new Watcher(readEnd, () => undefined))).toMatchObject({ code: 'EEXIST', fd: readEnd });
    watcher.close();
    new Watcher(readEnd, () => undefined).close();
    close(readEnd);
    close(writeEnd);

    const server: Server & { _handle?: { fd: number } } = createServer().listen(0);
    await once(server, 'listening');
    const fd = server._handle?.fd ?? -1;
    expect(thrownBy(() => new Watcher(fd, () => undefined))).toMatchObject({ code: 'EEXIST', fd });
    server.close();
  });

  test('of no open descriptor is EBADF', () => {
    const [readEnd, writeEnd] = pipe2(0);
    close(readEnd);
    close(writeEnd);
    expect(thrownBy(() => new Watcher(readEnd, () => undefined))).toMatchObject({ code: 'EBADF', fd: readEnd });
  });

  test('can be used where it is disposed of', () => {
    const [readEnd, writeEnd] = pipe2(0);
    const watcher = new Watcher(readEnd, () => undefined);
    watcher[Symbol.dispose]();
    watcher[Symbol.dispose]();
    new Watcher(readEnd, () => undefined).close();
    close(readEnd);
    close(writeEnd);
  });
});

holdsOnEveryNode('posix-watcher.mjs', {
  'end-of-a-child': 'a pidfd is readable when its process has ended, and not before',
  'many-children': 'each of many children is told of',
  'as-long-as-readable': 'a watcher calls back for as long as there is something, the end of the file included',
  'closed-in-its-callback': 'a watcher can be closed in its callback, and the descriptor watched anew',
  'close-twice': 'closing a watcher twice is no mistake, and its descriptor’s number can be another’s',
  unref: 'a watcher that is unref’ed lets the process end',
  'callback-throws': 'what a callback throws is an uncaught exception',
  'microtasks-first': 'ticks and microtasks of a callback run before anything else',
  'in-a-child': 'a child closes its copy of a watcher without touching its parent’s',
  'worker-ends': 'a worker thread ends while it watches',
  'worker-is-terminated': 'a worker thread that watches can be terminated',
  'worker-is-terminated-in-its-callback': 'a worker thread can be terminated in a watcher’s callback',
  'worker-exits-in-its-callback': 'a worker thread can exit in a watcher’s callback',
  'worker-throws-in-its-callback': 'what a callback throws in a worker thread is the worker’s error',
  'worker-is-done': 'a worker thread ends when its watchers are closed or unref’ed',
});

test.each(nodes())('on Node.js $major a watcher keeps the process alive unless it is unref’ed', async (node) => {
  const ended = await run(programPath('posix-watcher.mjs'), { node: node.path, args: ['ref'] });
  expect(ended).toEqual({ code: 0, signal: null, stdout: 'held\ncalled back\n', stderr: '' });
});
