// shm_open and shm_unlink between processes, and between users.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fstatSync } from 'node:fs';
import {
  close,
  ftruncate,
  getpid,
  kill,
  Mapping,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  shm_open,
  shm_unlink,
  waitpid,
} from 'truefork';
import { child, gate, library, runCase } from './posix-cases.mjs';

const name = `/truefork-test-${getpid()}`;

function create(mode = 0o600) {
  const fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, mode);
  ftruncate(fd, 100);
  const mapping = new Mapping(fd, 0);
  close(fd);
  return mapping;
}

/** Does it, and leaves no object behind. */
function withObject(body) {
  try {
    body();
  } finally {
    shm_unlink(name);
  }
}

await runCase({
  'between-processes': () =>
    withObject(() => {
      const mapping = create();
      // No child of this one: it has the name, and nothing else.
      const program = `
        const { Mapping, O_RDWR, shm_open } = require(${JSON.stringify(library)});
        const mapping = new Mapping(shm_open(${JSON.stringify(name)}, O_RDWR, 0), 0);
        mapping.write('by name');
      `;
      execFileSync(process.execPath, ['-e', program]);
      assert.equal(String(mapping.read(7)), 'by name');
    }),

  'outlives-its-maker': () =>
    withObject(() => {
      const made = gate();
      const forever = gate();
      const pid = child(() => {
        create().write('made by a child');
        made.open();
        forever.wait();
      });
      made.wait();
      kill(pid, 'SIGKILL');
      waitpid(pid, 0);
      assert.equal(String(new Mapping(shm_open(name, O_RDWR, 0), 0).read(4)), 'made');
    }),

  mode() {
    for (const [mask, mode, expected] of [
      [0o022, 0o666, 0o644],
      [0o077, 0o777, 0o700],
      [0, 0o620, 0o620],
    ]) {
      withObject(() => {
        process.umask(mask);
        create(mode);
        assert.equal(fstatSync(shm_open(name, O_RDWR, 0)).mode & 0o7777, expected);
      });
    }
  },

  'not-ours': () =>
    withObject(() => {
      create();
      // Only root can become somebody else.
      if (process.getuid() !== 0) return;
      const pid = child(() => {
        process.setgroups([]);
        process.setgid(65534);
        process.setuid(65534);
        assert.throws(() => shm_open(name, O_RDWR, 0), { name: 'PermissionError', code: 'EACCES' });
        assert.throws(() => shm_unlink(name), { name: 'PermissionError' });
      });
      assert.deepEqual(waitpid(pid, 0), { pid, status: 0 });
    }),
});
