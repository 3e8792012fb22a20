// Users and groups: node posix-credentials.mjs <case>. As root, all of it; otherwise what anybody may.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  chroot,
  CLONE_NEWUTS,
  close,
  fork,
  getegid,
  geteuid,
  getgid,
  getgroups,
  getrlimit,
  getresgid,
  getresuid,
  getuid,
  initgroups,
  kill,
  nice,
  O_RDONLY,
  open,
  pidfd_getfd,
  pidfd_open,
  prlimit,
  PR_SET_DUMPABLE,
  prctl,
  PRIO_PROCESS,
  RLIM_INFINITY,
  RLIMIT_NOFILE,
  sched_setaffinity,
  sched_setscheduler,
  SCHED_FIFO,
  setegid,
  seteuid,
  setgid,
  setgroups,
  setns,
  setpriority,
  setregid,
  setresgid,
  setresuid,
  setreuid,
  setrlimit,
  setuid,
  unshare,
  waitpid,
} from 'truefork';
import { child, runCase } from './posix-cases.mjs';

const isRoot = process.getuid() === 0;
const NOBODY = 65534;
const ids = (real, effective, saved) => ({ real, effective, saved });
const ended = (pid) => assert.equal(waitpid(pid, 0).status, 0);

/** What the kernel says of every thread of this process: the same of all. */
function ofAllThreads() {
  const lines = readdirSync('/proc/self/task').map((tid) => {
    const status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
    return ['Uid', 'Gid', 'Groups'].map((name) =>
      new RegExp(`^${name}:(.*)$`, 'm').exec(status)[1].trim().split(/\s+/).map(Number),
    );
  });
  assert.ok(lines.length > 4, `only ${lines.length} threads`);
  for (const line of lines) assert.deepEqual(line, lines[0]);
  return lines[0];
}

function becomeNobody() {
  setgroups([NOBODY]);
  setresgid(NOBODY, NOBODY, NOBODY);
  setresuid(NOBODY, NOBODY, NOBODY);
  // The kernel has closed its files in /proc to its own user: fork() looks at the threads there.
  prctl(PR_SET_DUMPABLE, 1);
}

const four = (id) => [id, id, id, id];

await runCase({
  asked() {
    assert.deepEqual(
      [getuid(), geteuid(), getgid(), getegid()],
      [process.getuid(), process.geteuid(), process.getgid(), process.getegid()],
    );
    assert.deepEqual([getresuid().real, getresuid().effective], [getuid(), geteuid()]);
    assert.deepEqual([getresgid().real, getresgid().effective], [getgid(), getegid()]);
    assert.deepEqual(new Set([...getgroups(), getegid()]), new Set(process.getgroups()));
    // What one has already one may have.
    setresuid(-1, -1, -1);
    setresgid(-1, -1, -1);
    setreuid(-1, -1);
    setregid(-1, -1);
    setuid(getuid());
    setgid(getgid());
    seteuid(geteuid());
    setegid(getegid());
  },

  async 'every-thread'() {
    if (!isRoot) return;
    // The threadpool is there, too.
    await readFile(import.meta.filename);
    const before = ofAllThreads();
    const pid = fork();
    if (pid === 0) {
      // In a forked child the threads are others, and they go along as well.
      assert.deepEqual(ofAllThreads(), before);
      becomeNobody();
      assert.deepEqual(ofAllThreads(), [four(NOBODY), four(NOBODY), [NOBODY]]);
      assert.deepEqual(getgroups(), [NOBODY]);
      // A file that the threadpool makes is nobody's, and so is what is forked from here.
      const { mkdtemp, rmdir } = await import('node:fs/promises');
      const folder = await mkdtemp('/tmp/truefork-credentials-');
      assert.equal(statSync(folder).uid, NOBODY);
      await rmdir(folder);
      ended(child(() => assert.deepEqual(ofAllThreads(), [four(NOBODY), four(NOBODY), [NOBODY]])));
      process.exit(0);
    }
    ended(pid);
    assert.deepEqual(ofAllThreads(), before);
    becomeNobody();
    assert.deepEqual(ofAllThreads(), [four(NOBODY), four(NOBODY), [NOBODY]]);
    // The children of who has changed.
    ended(child(() => assert.deepEqual(ofAllThreads(), [four(NOBODY), four(NOBODY), [NOBODY]])));
  },

  users() {
    if (!isRoot) return;
    const inChild = (body) => ended(child(body));
    inChild(() => {
      // Away and back again: the saved one stays root's.
      seteuid(NOBODY);
      assert.deepEqual(getresuid(), ids(0, NOBODY, 0));
      assert.deepEqual([getuid(), geteuid(), process.geteuid()], [0, NOBODY, NOBODY]);
      seteuid(0);
      assert.deepEqual(getresuid(), ids(0, 0, 0));
      setresuid(-1, 1, NOBODY);
      assert.deepEqual(getresuid(), ids(0, 1, NOBODY));
      seteuid(NOBODY);
      seteuid(0);
      assert.deepEqual(getresuid(), ids(0, 0, NOBODY));
    });
    inChild(() => {
      setreuid(NOBODY, -1);
      assert.deepEqual(getresuid(), ids(NOBODY, 0, 0));
      setreuid(0, NOBODY);
      assert.deepEqual(getresuid(), ids(0, NOBODY, NOBODY));
      // Swapped, as daemons of old did.
      setreuid(NOBODY, 0);
      assert.deepEqual(getresuid(), ids(NOBODY, 0, 0));
      setuid(NOBODY);
      assert.deepEqual(getresuid(), ids(NOBODY, NOBODY, NOBODY));
      for (const regain of [() => setuid(0), () => seteuid(0), () => setreuid(-1, 0), () => setresuid(-1, -1, 0)]) {
        assert.throws(regain, { name: 'PermissionError', code: 'EPERM' });
      }
    });
    inChild(() => {
      setegid(NOBODY);
      assert.deepEqual(getresgid(), ids(0, NOBODY, 0));
      setresgid(1, -1, 2);
      assert.deepEqual(getresgid(), ids(1, NOBODY, 2));
      setregid(-1, 3);
      assert.deepEqual(getresgid(), ids(1, 3, 3));
      setgid(4);
      assert.deepEqual(getresgid(), ids(4, 4, 4));
      setgroups([7, 5, 2 ** 32 - 2]);
      assert.deepEqual(new Set(getgroups()), new Set([5, 7, 2 ** 32 - 2]));
      setgroups([]);
      assert.deepEqual(getgroups(), []);
      initgroups('nobody', 12);
      assert.ok(getgroups().includes(12));
      assert.throws(() => setgroups(Array(65537).fill(1)), { code: 'EINVAL', syscall: 'setgroups' });
    });
    assert.deepEqual([getresuid(), getresgid()], [ids(0, 0, 0), ids(0, 0, 0)]);
  },

  'not-permitted'() {
    const pid = child(() => {
      if (isRoot) becomeNobody();
      const own = open('/proc/self/ns/uts', O_RDONLY);
      const init = pidfd_open(1, 0);
      const hard = getrlimit(RLIMIT_NOFILE);
      const calls = [
        () => setuid(0),
        () => seteuid(0),
        () => setreuid(0, 0),
        () => setresuid(0, 0, 0),
        () => setgid(0),
        () => setegid(0),
        () => setregid(0, 0),
        () => setresgid(0, 0, 0),
        () => setgroups([]),
        () => initgroups('nobody', 0),
        () => chroot('/'),
        () => kill(1, 0),
        () => nice(-1),
        () => setpriority(PRIO_PROCESS, 1, 0),
        () => sched_setaffinity(1, [0]),
        () => sched_setscheduler(0, SCHED_FIFO, { priority: 1 }),
        () => setrlimit(RLIMIT_NOFILE, { cur: hard.cur, max: RLIM_INFINITY }),
        () => prlimit(1, RLIMIT_NOFILE, null),
        () => pidfd_getfd(init, 0, 0),
        () => unshare(CLONE_NEWUTS),
        () => setns(own, 0),
      ];
      for (const call of calls) {
        assert.throws(call, { name: 'PermissionError', code: 'EPERM', errno: 1 }, String(call));
      }
      assert.throws(() => setpriority(PRIO_PROCESS, 0, -1), { name: 'PermissionError', code: 'EACCES' });
      close(own);
      close(init);
    });
    ended(pid);
  },
});
