import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as truefork from 'truefork/posix';
import { close, inotify_add_watch, inotify_init1, inotify_rm_watch, inotifyEvents, read } from 'truefork/posix';
import { holds, thrownBy } from './cases';

const { IN_CLOSE_WRITE, IN_CREATE, IN_DELETE, IN_MODIFY, IN_MOVED_FROM, IN_MOVED_TO } = truefork;

let folder: string;
let queue: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inotify-test-'));
  queue = inotify_init1(truefork.IN_NONBLOCK | truefork.IN_CLOEXEC);
});
afterEach(() => {
  close(queue);
  rmSync(folder, { recursive: true });
});

function events(): truefork.InotifyEvent[] {
  const buffer = new Uint8Array(4096);
  return inotifyEvents(buffer.subarray(0, read(queue, buffer)));
}

test('what happens in a directory is told in its order, with the names', () => {
  const watch = inotify_add_watch(queue, folder, IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE);
  const name = 'a name of 文件.txt';
  writeFileSync(join(folder, name), 'x');
  unlinkSync(join(folder, name));
  const masks = [IN_CREATE, IN_MODIFY, IN_CLOSE_WRITE, IN_DELETE];
  expect(events()).toEqual(masks.map((mask) => ({ watch, mask, cookie: 0, name })));
});

test('names of every length are read, among others', () => {
  inotify_add_watch(queue, folder, IN_CREATE);
  const names = Array.from({ length: 40 }, (_, length) => 'n'.repeat(length + 1));
  for (const name of names) writeFileSync(join(folder, name), '');
  expect(events().map((event) => event.name)).toEqual(names);
});

test('the two sides of a rename have one cookie', () => {
  inotify_add_watch(queue, folder, IN_MOVED_FROM | IN_MOVED_TO);
  writeFileSync(join(folder, 'old'), '');
  renameSync(join(folder, 'old'), join(folder, 'new'));
  const [from, to] = events();
  expect([from, to]).toMatchObject([
    { mask: IN_MOVED_FROM, name: 'old' },
    { mask: IN_MOVED_TO, name: 'new' },
  ]);
  expect(from?.cookie).toBeGreaterThan(0);
  expect(to?.cookie).toBe(from?.cookie);
});

test('what happens to the watched file itself has no name', () => {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  const watch = inotify_add_watch(queue, path, truefork.IN_DELETE_SELF | truefork.IN_MOVE_SELF);
  renameSync(path, join(folder, 'moved'));
  unlinkSync(join(folder, 'moved'));
  expect(events()).toEqual(
    [truefork.IN_MOVE_SELF, truefork.IN_DELETE_SELF, truefork.IN_IGNORED].map((mask) => ({
      watch,
      mask,
      cookie: 0,
      name: '',
    })),
  );
});

test('watches have numbers of their own, and end with IN_IGNORED', () => {
  mkdirSync(join(folder, 'other'));
  const one = inotify_add_watch(queue, folder, IN_CREATE);
  const other = inotify_add_watch(queue, join(folder, 'other'), IN_CREATE);
  expect(other).not.toBe(one);
  // The same file again is the same watch, with the new mask.
  expect(inotify_add_watch(queue, folder, IN_DELETE)).toBe(one);
  writeFileSync(join(folder, 'not told'), '');
  inotify_rm_watch(queue, one);
  writeFileSync(join(folder, 'other', 'told'), '');
  expect(events()).toEqual([
    { watch: one, mask: truefork.IN_IGNORED, cookie: 0, name: '' },
    { watch: other, mask: IN_CREATE, cookie: 0, name: 'told' },
  ]);
});

test('a mask may have its highest bit', () => {
  const IN_ONESHOT = 0x80000000;
  inotify_add_watch(queue, folder, (IN_CREATE | IN_ONESHOT) >>> 0);
  writeFileSync(join(folder, 'once'), '');
  writeFileSync(join(folder, 'twice'), '');
  expect(events().map(({ mask, name }) => [mask, name])).toEqual([
    [IN_CREATE, 'once'],
    [truefork.IN_IGNORED, ''],
  ]);
});

test('an empty queue that does not block is a BlockingIOError', () => {
  inotify_add_watch(queue, folder, IN_CREATE);
  expect(thrownBy(events)).toBeInstanceOf(truefork.BlockingIOError);
});

test('a buffer without room for the next event is EINVAL', () => {
  inotify_add_watch(queue, folder, IN_CREATE);
  writeFileSync(join(folder, 'file'), '');
  expect(thrownBy(() => read(queue, new Uint8Array(16)))).toMatchObject({ code: 'EINVAL', fd: queue });
});

test('the flags are those that were asked for', () => {
  const info = readFileSync(`/proc/self/fdinfo/${queue}`, 'utf8');
  const flags = truefork.O_NONBLOCK | truefork.O_CLOEXEC;
  expect(parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8) & flags).toBe(flags);
});

test.each<[string, string, () => unknown]>([
  ['a file that is not there', 'ENOENT', () => inotify_add_watch(queue, join(folder, 'missing'), IN_CREATE)],
  ['a file as a directory', 'ENOTDIR', () => inotify_add_watch(queue, __filename, IN_CREATE | truefork.IN_ONLYDIR)],
  ['a descriptor that is no queue', 'EINVAL', () => inotify_add_watch(0, folder, IN_CREATE)],
  ['a watch that is none', 'EINVAL', inotify_rm_watch.bind(null, 0, 4242)],
])('a watch of %s is %s', (_, code, call) => {
  expect(thrownBy(call)).toMatchObject({ code });
});

describe('inotifyEvents', () => {
  const little = endianness() === 'LE';

  function event(watch: number, mask: number, cookie: number, name: string, padded: number): Buffer {
    const bytes = Buffer.alloc(16 + padded);
    const fields = new DataView(bytes.buffer, bytes.byteOffset);
    fields.setInt32(0, watch, little);
    fields.setUint32(4, mask, little);
    fields.setUint32(8, cookie, little);
    fields.setUint32(12, padded, little);
    bytes.write(name, 16);
    return bytes;
  }

  test('reads what the kernel does not often send: an overflow, a name without an end, great numbers', () => {
    const bytes = Buffer.concat([
      event(-1, truefork.IN_Q_OVERFLOW, 0, '', 0),
      event(1, 0x40000000 | IN_CREATE, 2 ** 32 - 1, 'sixteen letters.', 16),
    ]);
    expect(inotifyEvents(bytes)).toEqual([
      { watch: -1, mask: truefork.IN_Q_OVERFLOW, cookie: 0, name: '' },
      { watch: 1, mask: 0x40000000 | IN_CREATE, cookie: 2 ** 32 - 1, name: 'sixteen letters.' },
    ]);
  });

  test('of nothing are none', () => {
    expect(inotifyEvents(new Uint8Array(0))).toEqual([]);
    expect(inotifyEvents(new ArrayBuffer(0))).toEqual([]);
  });

  test('one that is cut off is a mistake, whatever lies behind it', () => {
    const bytes = Buffer.concat([event(1, IN_CREATE, 0, 'first', 16), event(1, IN_CREATE, 0, 'second', 16)]);
    for (const length of [1, 15, 16, 31, 33, 48, 63]) {
      for (const buffer of [bytes.subarray(0, length), new Uint8Array(bytes).slice(0, length)])
        expect(thrownBy(() => inotifyEvents(buffer))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    }
    expect(inotifyEvents(bytes.subarray(0, 32))).toMatchObject([{ name: 'first' }]);
  });
});

holds('posix-watcher.mjs', {
  'closed-by-death': 'the end of a process closes what it had open for writing: IN_CLOSE_WRITE',
});
