import { fstatSync } from 'node:fs';
import * as truefork from 'truefork/posix';
import { close, ftruncate, Mapping, shm_open, shm_unlink } from 'truefork/posix';
import { holds, holdsOnEveryNode, thrownBy } from './cases';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC } = truefork;

let count = 0;
let name: string;
let opened: number[];

beforeEach(() => {
  name = `/truefork-test-${process.pid}-${count++}`;
  opened = [];
});
afterEach(() => {
  for (const fd of opened) close(fd);
  try {
    shm_unlink(name);
  } catch (error) {
    if (!truefork.isPosixError(error, 'ENOENT')) throw error;
  }
});

/** `shm_open`, closed after the test, and its name taken away. */
function opens(flags: number, mode = 0o600): number {
  const fd = shm_open(name, flags, mode);
  opened.push(fd);
  return fd;
}

const unlink = () => {
  shm_unlink(name);
};

describe('shm_open', () => {
  test('with O_CREAT makes an object of size 0', () => {
    const fd = opens(O_RDWR | O_CREAT);
    expect([fstatSync(fd).size, fstatSync(fd).isFile()]).toEqual([0, true]);
    expect(truefork.fcntl(fd, truefork.F_GETFD)).toBe(truefork.FD_CLOEXEC);
  });

  test('with O_CREAT and O_EXCL of one that there is, is a FileExistsError', () => {
    opens(O_RDWR | O_CREAT | O_EXCL);
    const error = thrownBy(() => shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600));
    expect(error).toBeInstanceOf(truefork.FileExistsError);
    expect(error).toMatchObject({ code: 'EEXIST', syscall: 'shm_open', path: name });
  });

  test('of one that there is opens it: the same bytes', () => {
    const one = opens(O_RDWR | O_CREAT);
    ftruncate(one, 10);
    using first = new Mapping(one, 0);
    using second = new Mapping(opens(O_RDONLY, 0), 0, { access: 'read' });
    first.write('hello');
    expect(String(second.read(5))).toBe('hello');
  });

  test('with O_TRUNC empties it, and leaves its mode and its owner', () => {
    const fd = opens(O_RDWR | O_CREAT, 0o640);
    ftruncate(fd, 10);
    const { mode, uid, gid } = fstatSync(fd);
    const again = fstatSync(opens(O_RDWR | O_CREAT | O_TRUNC, 0o600));
    expect([again.size, again.mode, again.uid, again.gid]).toEqual([0, mode, uid, gid]);
  });

  test('of one that there is not is a FileNotFoundError', () => {
    expect(thrownBy(() => shm_open(name, O_RDWR, 0))).toBeInstanceOf(truefork.FileNotFoundError);
  });

  test('of a name that is too long, or has another slash, is EINVAL', () => {
    const open = (other: string) => thrownBy(() => shm_open(other, O_RDWR | O_CREAT, 0o600));
    for (const other of [`/${'x'.repeat(300)}`, '', '/', '/a/b', '..', '/..'])
      expect(open(other)).toMatchObject({ code: 'EINVAL' });
  });
});

describe('shm_unlink', () => {
  test('takes the name away: it is free for another object, and who has the first one keeps it', () => {
    const first = opens(O_RDWR | O_CREAT | O_EXCL);
    ftruncate(first, 10);
    using mapping = new Mapping(first, 0);
    mapping.write('hello');
    unlink();
    expect(thrownBy(() => shm_open(name, O_RDWR, 0))).toMatchObject({ code: 'ENOENT' });
    expect(fstatSync(opens(O_RDWR | O_CREAT | O_EXCL)).size).toBe(0);
    expect(String(mapping.slice(0, 5))).toBe('hello');
  });

  test('of what there is not is a FileNotFoundError', () => {
    expect(thrownBy(unlink)).toBeInstanceOf(truefork.FileNotFoundError);
    expect(thrownBy(unlink)).toMatchObject({ code: 'ENOENT', syscall: 'shm_unlink', path: name });
  });
});

describe('ftruncate', () => {
  test('makes a file longer by zeros, beyond 4 GiB too, and shorter', () => {
    const fd = opens(O_RDWR | O_CREAT);
    for (const size of [10, 5 * 2 ** 30 + 1, 3, 0]) {
      ftruncate(fd, size);
      expect(fstatSync(fd).size).toBe(size);
    }
  });

  test('of what is not open for writing, or no file, is EINVAL', () => {
    opens(O_RDWR | O_CREAT);
    const [readEnd, writeEnd] = truefork.pipe2(0);
    opened.push(readEnd, writeEnd);
    for (const fd of [opens(O_RDONLY, 0), writeEnd]) {
      const truncate = () => {
        ftruncate(fd, 1);
      };
      expect(thrownBy(truncate)).toMatchObject({ code: 'EINVAL', syscall: 'ftruncate', fd });
    }
  });
});

holdsOnEveryNode('posix-shm.mjs', {
  'between-processes': 'processes that know the name share the memory',
  'outlives-its-maker': 'an object outlives the process that made it, also one that was killed',
});

holds('posix-shm.mjs', {
  mode: 'a new object has the mode, less the umask',
  'not-ours': 'the object of another user can be neither opened nor unlinked',
});
