// Forks by the plan of each round, and checks after each that the parent is as it was. Arguments: seed, the first round,
// when to stop (milliseconds since the epoch). Prints "round N forks F rss M" after each; ends with 1 when one failed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import {
  _exit,
  close,
  decodeWaitStatus,
  fork,
  forkMany,
  O_CLOEXEC,
  pipe2,
  Reaper,
  SIG_BLOCK,
  sigprocmask,
  waitpid,
  write,
} from 'truefork';
import { plan } from './plan.mjs';
import { allocate, work } from './work.mjs';

const [seed, firstRound, stopAt] = process.argv.slice(2).map(Number);
const MEGABYTES_MORE = 200;
const BROKEN = 250;

const reaper = new Reaper();
let forks = 0;

const ends = {
  natural: ({ code }) => void (process.exitCode = code),
  exit: ({ code }) => process.exit(code),
  _exit: ({ code }) => _exit(code),
  throw: () =>
    setTimeout(() => {
      throw new Error('thrown on purpose');
    }),
  reject: () => void Promise.reject(new Error('rejected on purpose')),
  abort: () => process.abort(),
  // Node ignores nothing of these by itself; it comes before kill returns.
  raise: ({ signal }) => process.kill(process.pid, signal),
  killed: () => setInterval(() => {}, 1_000),
};

function expected({ how, code, signal }) {
  if (how === 'throw' || how === 'reject') return { state: 'exited', code: 1 };
  if (how === 'abort') return { state: 'signaled', signal: 'SIGABRT' };
  return signal === undefined ? { state: 'exited', code } : { state: 'signaled', signal };
}

function check(child, pid, { state, code, signal }) {
  const got = state === 'exited' ? { state, code } : { state, signal };
  assert.deepEqual(got, expected(child.end), `child ${child.id}, pid ${pid}`);
}

/** As the plan says: in the parent the pids; in a child the plan of this child, in `child`. */
async function makeChildren({ many, children, allocate: milliseconds, inFlight, turn }) {
  const arriving = Promise.all(inFlight.map((name) => work[name]()));
  // Whoever is interested waits for it later.
  arriving.catch(() => {});
  if (turn) await new Promise(setImmediate);
  allocate(milliseconds);
  if (!many) {
    const pid = fork();
    return pid === 0 ? { child: children[0], arriving } : { pids: [pid], arriving };
  }
  const forked = forkMany(children.length);
  return forked.role === 'child' ? { child: children[forked.index], arriving } : { pids: forked.pids, arriving };
}

/** The life of a child, and of its own children. It ends when its event loop has nothing to do, if it does not before. */
async function live(child, arriving, output) {
  const tell = (what) => write(output, Buffer.from(`${child.id} ${what}\n`));
  try {
    await arriving;
    await Promise.all(child.work.map((name) => work[name]()));
    for (const step of child.forks) {
      const made = await makeChildren(step);
      if (made.child) return live(made.child, made.arriving, output);
      await made.arriving;
      made.pids.forEach((pid, index) => check(step.children[index], pid, decodeWaitStatus(waitpid(pid, 0).status)));
    }
    if (child.signal) {
      const came = new Promise((resolve) => process.once('SIGUSR2', resolve));
      const alive = setInterval(() => {}, 1_000);
      tell('signal');
      await came;
      clearInterval(alive);
      tell('signaled');
    }
    if (child.end.how === 'killed') tell('kill');
  } catch (error) {
    console.error(`child ${child.id}, pid ${process.pid}:`, error);
    _exit(BROKEN);
  }
  ends[child.end.how](child.end);
}

/** What must be the same after each round. */
function state() {
  const descriptors = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      return []; // The directory's own.
    }
  });
  const threads = readdirSync('/proc/self/task').map((tid) => {
    const status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
    return [tid, ...status.match(/^(Name|Sig(Blk|Ign|Cgt)):.*$/gm)].join(' ');
  });
  return {
    descriptors,
    threads,
    mask: sigprocmask(SIG_BLOCK, null),
    // Zombies are children still.
    children: readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8'),
    reaping: reaper.pids,
  };
}

/** The threads go back to where they were when they get a processor: no event says when. */
async function checkState(before) {
  for (const deadline = Date.now() + 10_000; ; await new Promise((resolve) => setTimeout(resolve, 10))) {
    try {
      return assert.deepEqual(state(), before);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

async function refused() {
  const worker = new Worker('require("worker_threads").parentPort.on("message", () => process.exit())', { eval: true });
  await once(worker, 'online');
  assert.throws(() => fork(), { code: 'ERR_FORK_UNSAFE', reason: 'worker-threads' });
  worker.postMessage('end');
  await once(worker, 'exit');
}

/** In the parent true, when the round has ended. In a child the rest of its life. */
async function run(round) {
  const steps = plan(seed, round);
  if (steps.refused) await refused();

  const [input, output] = pipe2(O_CLOEXEC);
  const said = new net.Socket({ fd: input, readable: true, writable: false });
  const pidOf = new Map();
  const childOf = new Map(steps.forks.flatMap((step) => step.children).map((child) => [child.id, child]));
  const signaled = [];
  let rest = '';
  // A child may speak before fork() has returned here; it is heard afterwards, like all events.
  said.setEncoding('utf8').on('data', (data) => {
    const lines = (rest + data).split('\n');
    rest = lines.pop();
    for (const [id, what] of lines.map((line) => line.split(' '))) {
      const pid = pidOf.get(Number(id));
      if (what === 'signal') reaper.kill(pid, 'SIGUSR2');
      if (what === 'kill') reaper.kill(pid, childOf.get(Number(id)).end.signal);
      if (what === 'signaled') signaled.push(Number(id));
    }
  });
  const closed = once(said, 'close');

  const checks = [];
  for (const step of steps.forks) {
    const made = await makeChildren(step);
    if (made.child) {
      said.destroy();
      await live(made.child, made.arriving, output);
      return false;
    }
    assert.equal(made.pids.length, step.children.length);
    forks += made.pids.length;
    made.pids.forEach((pid, index) => {
      const child = step.children[index];
      pidOf.set(child.id, pid);
      checks.push(reaper.watch(pid).then((status) => check(child, pid, status)));
    });
    checks.push(made.arriving);
  }
  close(output);
  // All at once, or the first mistake would leave the others without anybody who hears of them.
  const results = await Promise.allSettled(checks);
  const mistake = results.find(({ status }) => status === 'rejected');
  if (mistake) throw mistake.reason;
  await closed;
  const wanted = [...childOf.values()].filter(({ signal }) => signal).map(({ id }) => id);
  assert.deepEqual(
    signaled.sort((a, b) => a - b),
    wanted,
    'each signal came',
  );

  if (steps.signal) {
    const came = once(process, 'SIGUSR2');
    const alive = setInterval(() => {}, 1_000);
    process.kill(process.pid, 'SIGUSR2');
    await came;
    clearInterval(alive);
  }
  return true;
}

// Once, so that nothing of the rounds is the first of its kind.
for (const begin of Object.values(work)) await begin();
await refused();
process.once('SIGUSR2', () => {}).removeAllListeners('SIGUSR2');
if (fork() === 0) _exit(0);
waitpid(-1, 0);
globalThis.gc();
await new Promise((resolve) => setTimeout(resolve, 100));
const before = state();
let megabytes;

for (let round = firstRound; Date.now() < stopAt; round++) {
  try {
    if (!(await run(round))) break;
    await checkState(before);
    if (round % 20 === 19) {
      globalThis.gc();
      const now = process.memoryUsage.rss() / 2 ** 20;
      megabytes ??= now;
      assert(now < megabytes + MEGABYTES_MORE, `the resident set has grown from ${megabytes} to ${now} MB`);
    }
  } catch (error) {
    console.log(`failed in round ${round}: ${error.stack}`);
    console.log(JSON.stringify(plan(seed, round), undefined, 1));
    process.exit(1);
  }
  console.log(`round ${round} forks ${forks} rss ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)}`);
}
reaper.close();
