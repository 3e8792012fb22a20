// The processes as data, and as a tree: node posix-ps.mjs <case>.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  _exit,
  fork,
  getpgrp,
  getpid,
  getrusage,
  getsid,
  getuid,
  kill,
  PR_SET_CHILD_SUBREAPER,
  prctl,
  processStat,
  ps,
  pstree,
  RUSAGE_SELF,
  setpgrp,
  setThreadName,
  wait,
  waitpid,
  WUNTRACED,
} from 'truefork';
import { child, gate, runCase } from './posix-cases.mjs';

// Who loses its parent becomes a child of this process.
prctl(PR_SET_CHILD_SUBREAPER, 1);

/** Ends all that this process has forked. */
function endFamily() {
  for (;;) {
    for (const { pid } of ps({ parent: getpid() })) kill(pid, 'SIGKILL');
    try {
      wait();
    } catch {
      return;
    }
  }
}

/** The clock's tick, in seconds. */
const TICK = 0.011;

/** In the order of `ps`: pids begin again at the end of their range. */
const ascending = (...pids) => pids.sort((a, b) => a - b);

const only = (pid) => ps().filter((entry) => entry.pid === pid);

await runCase({
  async entry() {
    const before = getrusage(RUSAGE_SELF);
    const [own] = only(getpid());
    const after = getrusage(RUSAGE_SELF);
    const { pid, ppid, pgid, sid, uid } = own;
    assert.deepEqual([pid, ppid, pgid, sid, uid], [getpid(), process.ppid, getpgrp(), getsid(0), getuid()]);
    assert.deepEqual([own.command, own.state], ['node', 'R']);
    assert.deepEqual(own.args, [process.argv0, ...process.execArgv, import.meta.filename, 'entry']);
    for (const time of ['utime', 'stime']) {
      assert.ok(own[time] > before[time] - TICK && own[time] < after[time] + 0.001, `${time} ${own[time]}`);
    }
    assert.ok(Math.abs(own.rss / process.memoryUsage.rss() - 1) < 0.2);
    // An argument may be empty, or have anything in it.
    const odd = ['', 'a b', '(', '√', 'line\nline'];
    const earlier = Date.now();
    const script = 'echo; read x';
    const other = spawn('/bin/sh', ['-c', script, ...odd], { stdio: ['pipe', 'pipe', 'ignore'] });
    // That it has been executed is told before its arguments are there to be seen.
    await once(other.stdout, 'data');
    const later = Date.now();
    const [{ args, startTime }] = only(other.pid);
    assert.deepEqual(args, ['/bin/sh', '-c', script, ...odd]);
    // The kernel tells when it was started itself to the second.
    assert.ok(startTime > earlier - 1_100 && startTime < later + 100, `${earlier} ${startTime} ${later}`);
    other.stdin.end();
    await once(other, 'exit');
    // One that names itself.
    setThreadName('a) R (b');
    assert.equal(only(getpid())[0].command, 'a) R (b');
    process.title = 'another';
    assert.deepEqual(only(getpid())[0].args, ['another']);
  },

  filters() {
    const pids = (options) => ps(options).map(({ pid }) => pid);
    const ready = gate();
    const never = gate();
    const wait = () => {
      ready.open();
      never.wait();
    };
    const apart = child(() => {
      setpgrp();
      child(wait);
      wait();
    });
    const here = child(wait);
    for (let n = 0; n < 3; n++) ready.wait();
    const all = pids();
    assert.deepEqual(all, ascending(...all));
    for (const pid of [1, process.ppid, getpid(), apart, here]) assert.ok(all.includes(pid));
    assert.deepEqual(pids({ parent: getpid() }), ascending(apart, here));
    assert.deepEqual(pids({ group: getpgrp() }), ascending(getpid(), here));
    const [grandchild] = pids({ parent: apart });
    assert.deepEqual(pids({ group: apart }), ascending(apart, grandchild));
    assert.deepEqual(pids({ group: apart, parent: getpid() }), [apart]);
    assert.deepEqual(pids({ group: apart, session: 0 }), []);
    const session = pids({ session: getsid(0) });
    for (const pid of [getpid(), apart, here, grandchild]) assert.ok(session.includes(pid));
    endFamily();
  },

  tree() {
    setThreadName('root\x1b[1m');
    const never = gate();
    const standing = (name, body = () => undefined) => {
      const ready = gate();
      const pid = child(() => {
        setThreadName(name);
        body();
        ready.open();
        never.wait();
      });
      ready.wait();
      return pid;
    };
    const family = () => {
      const first = standing('first', () => {
        standing('inner', () => standing('innermost'));
        standing('beside');
      });
      const zombie = child(() => setThreadName('zombie'));
      while (processStat(zombie).state !== 'Z');
      const stopped = standing('stopped');
      kill(stopped, 'SIGSTOP');
      waitpid(stopped, WUNTRACED);
      return [first, zombie, stopped];
    };
    const pidsOf = ({ children }) => children.map(({ process }) => process.pid);
    const youngerIsGreater = (pids) => pids.every((pid, index) => index === 0 || pid > pids[index - 1]);

    let made = family();
    const eldest = () => ps({ parent: made[0] })[0].command;
    // If pids began again in between, it would be drawn in another order.
    while (!youngerIsGreater(made) || eldest() !== 'inner') {
      endFamily();
      made = family();
    }
    const [first, zombie, stopped] = made;
    const tree = pstree();
    assert.equal(tree.process.pid, getpid());
    assert.deepEqual(pidsOf(tree), made);
    const [inner, beside] = tree.children[0].children;
    assert.equal(inner.children[0].process.command, 'innermost');
    assert.equal(tree.children[1].process.state, 'Z');
    assert.deepEqual(tree.children[1].process.args, []);
    assert.deepEqual(tree.children[1].children, []);
    const [a, b, c, d] = [getpid(), first, inner.process.pid, inner.children[0].process.pid];
    const own = `root?[1m(${a})`;
    const indent = ' '.repeat(own.length);
    const deeper = ' '.repeat(`first(${b})`.length);
    assert.deepEqual(String(tree).split('\n'), [
      `${own}─┬─first(${b})─┬─inner(${c})───innermost(${d})`,
      `${indent} │ ${deeper} └─beside(${beside.process.pid})`,
      `${indent} ├─zombie(${zombie}) <defunct>`,
      `${indent} └─stopped(${stopped}) <stopped>`,
    ]);
    assert.equal(String(pstree(zombie)), `zombie(${zombie}) <defunct>`);
    // From process 1 on it is everybody.
    assert.match(String(pstree(1)), /innermost/);
    endFamily();
  },

  busy() {
    // Processes come and go while they are looked at.
    const main = getpid();
    const busy = child(() => {
      for (;;) {
        const pid = fork();
        if (pid === 0) _exit(0);
        waitpid(pid, 0);
      }
    });
    let seen = 0;
    const until = Date.now() + 500;
    while (Date.now() < until || seen === 0) {
      for (const entry of ps()) {
        assert.ok(Object.values(entry).every((value) => !Number.isNaN(value)));
        if (entry.ppid === busy) seen++;
      }
      const { children } = pstree(main);
      assert.deepEqual(
        children.map(({ process }) => process.pid),
        [busy],
      );
    }
    endFamily();
    assert.equal(pstree(busy), undefined);
  },
});
