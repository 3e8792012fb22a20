// One system call of the fork engine fails, the first time that a fork makes it, then the second, and so on for as often
// as it is made. After each the parent must be whole, and so must be its next child. Prints how each fork ended.
//
//   node --expose-gc --require test/faults/load.cjs fork-faults.mjs CALL parent|child ERRNO once
//   … CALL parent|child ERRNO onward   It fails from the first time on, then from the second, fourth, eighth on …
//   … CALL parent|child ERRNO NTH      It fails once, in the first fork of the process.
//   … 'at load'                        A call has failed already (FAULT_AT_LOAD).
import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { promises as fs, readdirSync, readFileSync, watch } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual, promisify } from 'node:util';
import {
  _exit,
  decodeWaitStatus,
  fork,
  ForkUnsafeError,
  getpid,
  isPosixError,
  kill,
  SIG_BLOCK,
  sigprocmask,
  waitpid,
  WNOHANG,
} from 'truefork';
import loaded from '../faults/load.cjs';
import { descriptors, settled, threads } from './support/state.mjs';

const [call, side, errno, times] = process.argv.slice(2);
const onward = times === 'onward';
const first = Number(times) > 0;
const faults = loaded.faults();
const parent = getpid();
const HANG = 20_000;
// Where the fault stays, it is in vain to wait for it to go away.
const TIMEOUT = onward ? 500 : 5_000;

// The first fork of a process installs a handler: before it, SigCgt is another.
const fields = first ? /^(Name|Sig(Blk|Ign)):.*$/gm : undefined;
const state = () => ({ descriptors: descriptors(), threads: threads(fields), mask: sigprocmask(SIG_BLOCK, null) });

async function works() {
  const [key, stat] = await Promise.all([
    promisify(pbkdf2)('secret', 'salt', 10, 16, 'sha256'),
    fs.stat(process.argv[1]),
    sleep(1),
  ]);
  assert.equal(key.length, 16);
  assert(stat.isFile());
  globalThis.gc({ type: 'minor' });
}

// How a child ended; one that hangs is killed.
async function endOf(pid) {
  for (const end = Date.now() + HANG; Date.now() < end; await sleep(1)) {
    const { pid: ended, status } = waitpid(pid, WNOHANG);
    if (ended !== pid) continue;
    const { state, code, signal } = decodeWaitStatus(status);
    if (state === 'exited' && code === 7) return 'works';
    if (state === 'exited' && code === 71) return 'gives up';
    return `${state} ${code ?? signal}`;
  }
  kill(pid, 'SIGKILL');
  waitpid(pid, 0);
  return 'hangs';
}

async function forkAndWait(options) {
  let pid;
  try {
    pid = fork(options);
  } catch (error) {
    faults.disarm();
    if (getpid() !== parent) _exit(99);
    if (error instanceof ForkUnsafeError) return `refuses: ${error.reason}`;
    assert(isPosixError(error) && error.syscall === 'fork', error);
    return `throws ${error.code}`;
  }
  if (pid !== 0) faults.disarm();
  else {
    try {
      await untilSettled();
      faults.disarm();
      await works();
    } catch (error) {
      console.error(error);
      process.exit(1);
    }
    process.exit(7);
  }
  return endOf(pid);
}

// In a child: until its threads have all left the handler that they were parked in, where all signals are blocked.
async function untilSettled() {
  // SIGSEGV is blocked there and nowhere else.
  const blocked = (tid) => {
    const [, mask] = /^SigBlk:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/self/task/${tid}/status`, 'utf8'));
    return (BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGSEGV - 1)) & 1n;
  };
  while (readdirSync('/proc/self/task').some(blocked)) await sleep(1);
}

async function isAsBefore(before) {
  for (const end = Date.now() + HANG; Date.now() < end; await sleep(1)) {
    if (isDeepStrictEqual(state(), before)) return;
  }
  assert.deepEqual(state(), before, 'nothing has changed in the parent');
}

async function fails(nth) {
  await settled();
  const before = state();
  faults.arm(call, side === 'child', nth, onward, constants.errno[errno]);
  const outcome = await forkAndWait({ timeout: TIMEOUT });
  const made = faults.count() >= nth;
  await works();
  await isAsBefore(before);
  assert.equal(await forkAndWait(), 'works', 'the next fork');
  await isAsBefore(before);
  assert.throws(() => waitpid(-1, WNOHANG), { code: 'ECHILD' }, 'no child is left');
  if (made) console.log(outcome);
  else assert.equal(outcome, 'works');
  return made;
}

await works();
if (call?.startsWith('inotify')) watch(process.argv[1], { persistent: false });
if (call === 'at load') {
  const before = state();
  const outcome = await forkAndWait();
  assert.deepEqual(state(), before);
  console.log(outcome);
} else if (first) {
  await fails(Number(times));
} else {
  assert.equal(await forkAndWait(), 'works');
  for (let nth = 1; await fails(nth); nth = onward ? nth * 2 : nth + 1);
}
