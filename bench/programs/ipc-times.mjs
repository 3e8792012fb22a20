// Two processes of Node.js, or two threads, and a way between them: `ipc-times.mjs WAY KIND COUNT`. Prints nanoseconds for a round
// trip of a number (`trip`), or for an item of a stream of small objects one way (`item`). Half as many go before, whose time does
// not count: what is compiled while it runs is compiled then.
import { fork as forkNode } from 'node:child_process';
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import {
  _exit,
  fork,
  futexWait,
  futexWake,
  Pipe,
  socketpair,
  AF_UNIX,
  SOCK_STREAM,
  read,
  write,
  waitpid,
} from 'truefork';
import { Channel, Queue, SharedArray } from 'truefork/ipc';

const [way, kind, count] = isMainThread ? process.argv.slice(2) : workerData;
const COUNT = Number(count);
const WARM_UP = Math.floor(COUNT / 2);
const item = (n) => ({ id: n, name: 'an item', list: [1, 2, 3] });
const now = () => Number(process.hrtime.bigint());

/** By calls that block, in a forked child: `echo` there, `trip` here; `give` there, `take` here. */
function blocking({ echo, trip, give, take }) {
  const gate = new Pipe();
  const byte = Buffer.alloc(1);
  const pid = fork();
  if (pid === 0) {
    for (const times of [WARM_UP, COUNT]) {
      for (let n = 0; n < times; n++) kind === 'trip' ? echo(n) : give(item(n));
      read(gate.reader.fd, byte);
    }
    _exit(0);
  }
  let start;
  for (const times of [WARM_UP, COUNT]) {
    start = now();
    for (let n = 0; n < times; n++) kind === 'trip' ? trip(n) : take();
    if (times === WARM_UP) write(gate.writer.fd, byte);
  }
  const end = now();
  write(gate.writer.fd, byte);
  waitpid(pid, 0);
  return end - start;
}

function streams([mineIn, mineOut], [itsIn, itsOut]) {
  const LINE = 64;
  const buffer = Buffer.alloc(LINE);
  const send = (fd, value) => {
    buffer.write(JSON.stringify(value).padEnd(LINE));
    write(fd, buffer);
  };
  const receive = (fd) => {
    let length = 0;
    while (length < LINE) length += read(fd, buffer.subarray(length));
    return JSON.parse(buffer.toString());
  };
  return blocking({
    echo: () => send(itsOut, receive(itsIn)),
    trip(n) {
      send(mineOut, n);
      receive(mineIn);
    },
    give: (value) => send(itsOut, value),
    take: () => receive(mineIn),
  });
}

/** By events: `other` sends back, or sends a stream of as many as it is asked for. */
async function events(other, send) {
  await once(other, 'message');
  await pass(other, send, WARM_UP);
  const start = now();
  await pass(other, send, COUNT);
  return now() - start;
}

async function pass(other, send, times) {
  if (kind === 'trip') {
    for (let n = 0; n < times; n++) {
      const answer = once(other, 'message');
      send(n);
      await answer;
    }
    return;
  }
  let got = 0;
  let came;
  const all = new Promise((resolve) => {
    came = () => ++got === times && resolve();
    other.on('message', came);
  });
  send({ stream: times });
  await all;
  other.off('message', came);
}

function answer(self, send) {
  self.on('message', (message) => {
    if (typeof message === 'number') send(message);
    else for (let n = 0; n < message.stream; n++) send(item(n));
  });
  send('ready');
}

const ways = {
  pipe() {
    const [there, back] = [new Pipe(), new Pipe()];
    return streams([back.reader.fd, there.writer.fd], [there.reader.fd, back.writer.fd]);
  },
  socketpair() {
    const [mine, its] = socketpair(AF_UNIX, SOCK_STREAM, 0);
    return streams([mine, mine], [its, its]);
  },
  channel() {
    const [mine, its] = Channel.pair();
    return blocking({
      echo: () => its.send(its.receive()),
      trip(n) {
        mine.send(n);
        mine.receive();
      },
      give: (value) => its.send(value),
      take: () => mine.receive(),
    });
  },
  queue() {
    const [there, back] = [new Queue(), new Queue()];
    return blocking({
      echo: () => back.put(there.get()),
      trip(n) {
        there.put(n);
        back.get();
      },
      give: (value) => there.put(value),
      take: () => there.get(),
    });
  },
  // Two words, each written by one; who waits looks for a while before it sleeps.
  memory() {
    const SPINS = 20_000;
    const words = new SharedArray(Int32Array, 64).array;
    const tell = (at, value) => {
      Atomics.store(words, at, value);
      if (Atomics.load(words, at + 1) === 1) futexWake(words, at, 1);
    };
    const wait = (at, value) => {
      for (let n = 0; n < SPINS; n++) if (Atomics.load(words, at) === value) return;
      Atomics.store(words, at + 1, 1);
      for (let seen; (seen = Atomics.load(words, at)) !== value;) futexWait(words, at, seen);
      Atomics.store(words, at + 1, 0);
    };
    return blocking({
      echo(n) {
        wait(0, n + 1);
        tell(32, n + 1);
      },
      trip(n) {
        tell(0, n + 1);
        wait(32, n + 1);
      },
    });
  },
  async send() {
    const child = forkNode(import.meta.filename, ['answer', kind, count]);
    const time = await events(child, (message) => child.send(message));
    child.kill();
    return time;
  },
  async worker() {
    const worker = new Worker(new URL(import.meta.url), { workerData: ['answer', kind, count] });
    const time = await events(worker, (message) => worker.postMessage(message));
    await worker.terminate();
    return time;
  },
};

if (way !== 'answer') console.log((await ways[way]()) / COUNT);
else if (isMainThread) answer(process, (message) => process.send(message));
else answer(parentPort, (message) => parentPort.postMessage(message));
