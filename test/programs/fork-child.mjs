// forkChild: the parent gets a child to hold, the child runs a function. The case is the first argument.
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import {
  atfork,
  forkChild,
  getpid,
  kill,
  mmap,
  MAP_ANONYMOUS,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
  waitpid,
} from 'truefork';

const main = getpid();
const shared = new Int32Array(mmap(null, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
const status = async (body) => {
  // To compare: the same in a process that is started for it.
  if (process.argv[3] === 'unforked') return await new Promise(() => queueMicrotask(body));
  // To compare: the same in a process that is started for it.
  if (process.argv[3] === 'unforked') return await new Promise(() => queueMicrotask(body));
  const { state, code, signal } = await (await forkChild(body)).exited;
  return state === 'exited' ? code : signal;
};

const cases = {
  async 'exit codes'() {
    assert.equal(await status(() => undefined), 0);
    assert.equal(await status(() => 7), 7);
    assert.equal(await status(() => 255), 255);
    assert.equal(await status(async () => 8), 8);
    assert.equal(
      await status(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return 9;
      }),
      9,
    );
    assert.equal(await status(() => void (process.exitCode = 10)), 10);
    assert.equal(await status(() => process.exit(11)), 11);
    assert.equal(await status(() => kill(process.pid, 'SIGKILL')), 'SIGKILL');
  },

  // One pid, and one of the two who returns.
  async 'who is who'() {
    const child = await forkChild(() => {
      assert.notEqual(process.pid, main);
      assert.equal(process.ppid, main);
      shared[0] = process.pid;
    });
    assert.equal(getpid(), main, 'only the parent returns');
    assert.equal((await child.exited).code, 0);
    assert.equal(shared[0], child.pid);
  },

  // What is open in the parent does not keep the child.
  async 'open handles'() {
    const server = createServer().listen(0, '127.0.0.1');
    const timer = setInterval(() => undefined, 1000);
    assert.equal(await status(() => 3), 3);
    clearInterval(timer);
    server.close();
  },

  async pidfd() {
    const child = await forkChild(() => new Promise(() => setInterval(() => undefined, 1000)));
    const { pidfd } = child;
    assert.equal(readlinkSync(`/proc/self/fd/${pidfd}`), 'anon_inode:[pidfd]');
    assert.match(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8'), new RegExp(`^Pid:\\s*${child.pid}$`, 'm'));
    child.kill('SIGUSR2');
    assert.deepEqual((await child.exited).signal, 'SIGUSR2');
    assert.equal(child.pidfd, undefined, 'closed when the child has been reaped');
    assert.throws(() => child.kill(), { code: 'ESRCH' });
    assert.throws(() => child.kill(0), { code: 'ESRCH' });
  },

  async 'kill is SIGTERM'() {
    const child = await forkChild(() => new Promise(() => setInterval(() => undefined, 1000)));
    child.kill();
    assert.equal((await child.exited).signal, 'SIGTERM');
  },

  async 'waited for elsewhere'() {
    const child = await forkChild(() => 5);
    waitpid(child.pid, 0);
    await assert.rejects(child.exited, { code: 'ERR_STATUS_LOST', pid: child.pid });
  },

  // A hundred at once, and none of their descriptors is left.
  async many() {
    const children = await Promise.all(Array.from({ length: 100 }, (_, n) => forkChild(() => n)));
    const ended = await Promise.all(children.map(({ exited }) => exited));
    assert.deepEqual(
      ended.map(({ code }) => code),
      Array.from({ length: 100 }, (_, n) => n),
    );
    assert(children.every(({ pidfd }) => pidfd === undefined));
  },

  // Five generations, each the child of the one before.
  async generations() {
    const descend = async (generation) => {
      const parent = process.pid;
      const child = await forkChild(async () => {
        assert.equal(process.ppid, parent);
        return generation === 5 ? 5 : await descend(generation + 1);
      });
      return (await child.exited).code;
    };
    assert.equal(await descend(1), 5);
  },

  async 'argument mistakes'() {
    await assert.rejects(forkChild(), { code: 'ERR_INVALID_ARG_TYPE' });
    await assert.rejects(forkChild('true'), { code: 'ERR_INVALID_ARG_TYPE' });
    await assert.rejects(
      forkChild(() => undefined, { timeout: -1 }),
      { code: 'ERR_OUT_OF_RANGE' },
    );
  },

  async 'a hook that throws'() {
    const takeBack = atfork({
      before() {
        throw new Error('not now');
      },
    });
    await assert.rejects(
      forkChild(() => 1),
      { message: 'not now' },
    );
    takeBack();
    assert.equal(await status(() => 1), 1);
  },

  // What it has written is out before it ends, also where nobody reads for a while.
  async output() {
    await status(() => {
      for (let n = 0; n < 300; n++) console.log(`${n} ${'x'.repeat(4000)}`);
    });
  },

  async throws() {
    console.log(await status(() => thrower(new TypeError('of the child'))));
  },
  async rejects() {
    console.log(await status(async () => thrower(new TypeError('of the child'))));
  },
  async 'throws no error'() {
    console.log(await status(() => thrower('a string')));
  },
  async 'returns nonsense'() {
    console.log(await status(() => 256));
  },
  // A listener of the parent's is told, and does not keep the child alive.
  async 'throws to a listener'() {
    process.on('uncaughtException', (error) => console.log(`${process.pid === main} ${error.message}`));
    setInterval(() => undefined, 1000).unref();
    console.log(await status(() => thrower(new TypeError('of the child'))));
  },
};

function thrower(error) {
  throw error;
}

const name = process.argv[2];
await cases[name]();
if (!/throws|rejects|returns|output/.test(name) || name === 'a hook that throws') console.log('passed');
