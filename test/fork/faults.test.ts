// Every system call of the fork engine fails (test/faults), each time that a fork makes it: fork() says so, or waits and
// succeeds, or the child ends with a message, and the parent is whole, which test/programs/fork-faults.mjs checks.
import { join } from 'node:path';
import { nodes, programPath, run } from '../support/programs';

type Outcome = 'works' | 'gives up' | `throws ${string}` | 'refuses: busy-threads' | 'refuses: unsupported-platform';

/** Once at a time, from some time on, or in the first fork of a process, the time with this number. */
type Times = 'once' | 'onward' | number;

/**
 * Which call fails, in whom, with what errno, when; and what comes of it: all of these and nothing else; where it fails
 * onward, some of these and nothing else.
 */
type Fault = [call: string, side: 'parent' | 'child', errno: string, times: Times, outcomes: Outcome[]];

// Those marked 'works' are tried again, or what they are for can be done without.
const faults: Fault[] = [
  ['_Fork', 'parent', 'EAGAIN', 'once', ['throws EAGAIN']],
  ['_Fork', 'parent', 'ENOMEM', 'once', ['throws ENOMEM']],
  ['madvise', 'parent', 'EAGAIN', 'once', ['throws EAGAIN']],
  ['open64', 'parent', 'EMFILE', 'once', ['works', 'throws EMFILE']],
  ['read', 'parent', 'EIO', 'once', ['works', 'throws EIO']],
  ['read', 'parent', 'EINTR', 'once', ['works']],
  ['readlink', 'parent', 'ENOMEM', 'once', ['throws ENOMEM']],
  ['opendir', 'parent', 'EMFILE', 'once', ['works']],
  ['readdir64', 'parent', 'ENOMEM', 'once', ['works']],
  ['tgkill', 'parent', 'EAGAIN', 'once', ['works']],
  ['pipe2', 'parent', 'EMFILE', 'once', ['throws EMFILE']],
  ['get_robust_list', 'parent', 'EPERM', 'once', ['works']],
  ['futex_wait', 'parent', 'EINTR', 'once', ['works']],
  ['napi_get_uv_event_loop', 'parent', 'EINVAL', 'once', ['refuses: unsupported-platform']],

  ['pipe2', 'child', 'EMFILE', 'once', ['gives up']],
  ['write', 'child', 'EIO', 'once', ['gives up']],
  ['dup3', 'child', 'EBUSY', 'once', ['gives up']],
  ['eventfd', 'child', 'EMFILE', 'once', ['gives up']],
  ['uv_loop_fork', 'child', 'EMFILE', 'once', ['gives up']],
  ['epoll_create1', 'child', 'EMFILE', 'once', ['gives up']],
  ['epoll_ctl', 'child', 'ENOSPC', 'once', ['gives up']],
  ['inotify_init1', 'child', 'EMFILE', 'once', ['gives up']],
  ['inotify_add_watch', 'child', 'ENOSPC', 'once', ['gives up']],
  ['inotify_add_watch', 'child', 'ENOENT', 'onward', ['works', 'gives up']],
  ['sigaction', 'child', 'EINVAL', 'once', ['works']],
  ['clone', 'child', 'EAGAIN', 'once', ['gives up']],
  ['getrandom', 'child', 'ENOSYS', 'once', ['gives up']],
  ['set_robust_list', 'child', 'EINVAL', 'once', ['works']],
  ['rseq', 'child', 'EPERM', 'once', ['works']],
];

// The same engine on every Node.js: once is enough.
const onOneNode: Fault[] = [
  ['madvise', 'parent', 'EAGAIN', 'onward', ['throws EAGAIN']],
  ['open64', 'parent', 'EMFILE', 'onward', ['refuses: busy-threads', 'throws EMFILE']],
  ['read', 'parent', 'EIO', 'onward', ['refuses: busy-threads', 'throws EIO']],
  ['opendir', 'parent', 'EMFILE', 'onward', ['throws EMFILE']],
  ['readdir64', 'parent', 'ENOMEM', 'onward', ['throws ENOMEM']],
  ['tgkill', 'parent', 'EAGAIN', 'onward', ['refuses: busy-threads']],
  ['get_robust_list', 'parent', 'EPERM', 'onward', ['refuses: busy-threads']],

  // What only the first fork of a process does: it looks for a free signal, and for the rings of Node's other loops.
  ['open64', 'parent', 'EMFILE', 1, ['throws EMFILE']],
  ['read', 'parent', 'EIO', 1, ['throws EIO']],
  ['sigaction', 'parent', 'EINVAL', 1, ['works']],
  ['sigaction', 'parent', 'EINVAL', 2, ['works']],
  ['sigaction', 'parent', 'EINVAL', 'onward', ['refuses: unsupported-platform', 'works']],
];

async function ends(node: string, [call, side, errno, times, outcomes]: Fault): Promise<void> {
  const { code, stdout, stderr } = await run(programPath('fork-faults.mjs'), {
    node,
    nodeArgs: ['--expose-gc', '--require', join(__dirname, '..', 'faults', 'load.cjs')],
    args: [call, side, errno, String(times)],
  });
  const lines = stdout.split('\n').filter(Boolean);
  const giveUps = lines.filter((line) => line === 'gives up');
  const messages = stderr.match(/^truefork: the forked child \(pid \d+\) could not .+: .+\n/gm) ?? [];
  expect({ code, stderr }).toEqual({ code: 0, stderr: messages.join('') });
  expect(messages).toHaveLength(giveUps.length);
  expect(lines).not.toHaveLength(0);
  if (times === 'onward') expect(outcomes).toEqual(expect.arrayContaining(lines));
  else expect([...new Set(lines)].sort()).toEqual(outcomes.toSorted());
}

describe.each(nodes())('one failure in a fork on Node $major', ({ path: node }) => {
  test.each(faults)('%s in the %s, %s, %s: %j', async (...fault) => {
    await ends(node, fault);
  });
});

test.each(onOneNode)('%s in the %s, %s, %s: %j', async (...fault) => {
  await ends(process.execPath, fault);
});

// libuv's pipe, and where glibc keeps the id of a thread, are looked for as the addon loads.
test.each(['fstat64', 'fcntl64', 'ioctl', 'get_robust_list'])(
  'where %s fails as the addon loads, forks are refused',
  async (call) => {
    const { code, stdout, stderr } = await run(programPath('fork-faults.mjs'), {
      nodeArgs: ['--expose-gc', '--require', join(__dirname, '..', 'faults', 'load.cjs')],
      args: ['at load'],
      env: { FAULT_AT_LOAD: call },
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'refuses: unsupported-platform\n', stderr: '' });
  },
);
