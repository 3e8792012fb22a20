// Channel.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { forkChild, ITIMER_REAL, kill, read, setitimer, signal, write } from 'truefork';
import { Channel, Queue } from 'truefork/ipc';
import { child } from './posix-cases.mjs';
import { ended, killed, runCases, untilIn } from './ipc-support.mjs';

const closed = { name: 'ClosedError', code: 'ERR_CLOSED' };
const late = { name: 'WaitTimeoutError', code: 'ERR_WAIT_TIMEOUT' };
const ok = { state: 'exited', code: 0 };

/** A channel to a child that runs `body` with its end. */
function withChild(body) {
  const [mine, its] = Channel.pair();
  const pid = child(() => {
    mine.close();
    return body(its);
  });
  its.close();
  return { mine, pid };
}

await runCases({
  'both-ways'() {
    const { mine, pid } = withChild((end) => {
      for (let message; (message = end.receive()) !== 'end';) end.send({ echo: message });
    });
    const messages = [1, 'text', null, undefined, { a: [1, { b: 2 }] }, new Map([[1, 2]]), 'x'.repeat(3_000_000)];
    for (const message of messages) {
      mine.send(message);
      assert.deepEqual(mine.receive(), { echo: message });
    }
    mine.send('end');
    ended(pid);
  },

  order() {
    const { mine, pid } = withChild((end) => {
      for (let n = 0; n < 20_000; n++) end.send({ n });
    });
    for (let n = 0; n < 20_000; n++) assert.deepEqual(mine.receive(), { n });
    assert.throws(() => mine.receive(), closed);
    assert.throws(() => mine.receive(), closed);
    ended(pid);
  },

  async iteration() {
    const { mine, pid } = withChild((end) => {
      for (let n = 0; n < 1000; n++) end.send(n);
    });
    let next = 0;
    for await (const n of mine) assert.equal(n, next++);
    assert.equal(next, 1000);
    ended(pid);
  },

  'a-successor'() {
    const [mine, its] = Channel.pair();
    const receives = (expected) => () => {
      mine.close();
      for (const message of expected) assert.equal(its.receive(), message);
      assert.throws(() => its.receive({ timeout: 20 }), late);
    };
    mine.send('first');
    ended(child(receives(['first'])));
    const second = child(receives(['second', 'third']));
    mine.send('second');
    mine.send('third');
    ended(second);
  },

  'the-end'() {
    const { mine, pid } = withChild((end) => {
      end.send('last');
      assert.throws(() => end.receive(), closed);
    });
    assert.equal(mine.receive(), 'last');
    mine.close();
    mine.close();
    ended(pid);
    for (const call of [() => mine.send(1), () => mine.receive()]) assert.throws(call, closed);
    assert.deepEqual([mine.fd, mine.closed], [-1, true]);
    const [one, other] = Channel.pair();
    other.close();
    assert.throws(() => one.send(1), closed);
  },

  // As one that ends by SIGTERM does.
  'closed-meanwhile'() {
    const [mine, its] = Channel.pair();
    signal('SIGALRM', () => mine.close());
    setitimer(ITIMER_REAL, 0.02, 0);
    assert.throws(() => mine.receive(), closed);
    its.close();
  },

  async killed() {
    const { mine, pid } = withChild((end) => {
      end.send('alive');
      for (;;) end.send('x'.repeat(300_000));
    });
    assert.equal(mine.receive(), 'alive');
    killed(pid);
    // It was in the midst of a message.
    let count = 0;
    for await (const message of mine) count += message.length;
    assert.equal(count % 300_000, 0);
  },

  'room-blocking'() {
    const done = new Queue();
    const { mine, pid } = withChild((end) => {
      for (let n = 0; n < 50; n++) end.send('y'.repeat(100_000));
      done.put('all sent');
    });
    untilIn(pid, 'poll(2)');
    assert.equal(done.empty(), true);
    for (let n = 0; n < 50; n++) assert.equal(mine.receive().length, 100_000);
    assert.equal(done.get(), 'all sent');
    ended(pid);
  },

  'room-time'() {
    const [mine, its] = Channel.pair();
    let sent = 0;
    assert.throws(() => {
      for (;;) {
        mine.send(`${sent}:${'z'.repeat(10_000)}`, { timeout: 10 });
        sent++;
      }
    }, late);
    for (let n = 0; n < sent - 1; n++) assert.equal(its.receive().split(':')[0], String(n));
  },

  // A signal comes while it waits for room in the midst of a message.
  async 'room-interrupted'() {
    const [mine, its] = Channel.pair();
    let handler = () => {
      throw new Error('enough');
    };
    signal('SIGALRM', () => handler());
    setitimer(ITIMER_REAL, 0.02, 0);
    assert.throws(() => mine.send('a'.repeat(2_000_000)), { message: 'enough' });
    // It is sent by the event loop, and what comes after it is whole.
    const sent = mine.sendAsync('next');
    assert.equal((await its.receiveAsync({ timeout: 10_000 })).length, 2_000_000);
    assert.equal(await its.receiveAsync(), 'next');
    await sent;
    // Of one that has not been begun nothing is sent.
    const before = mine.sendAsync('b'.repeat(2_000_000));
    setitimer(ITIMER_REAL, 0.02, 0);
    assert.throws(() => mine.send('never'), { message: 'enough' });
    assert.equal((await its.receiveAsync()).length, 2_000_000);
    await before;
    await assert.rejects(its.receiveAsync({ timeout: 20 }), late);
    // What a handler sends comes after it.
    const handling = new Queue();
    const { mine: other, pid } = withChild((end) => {
      handler = () => {
        handling.put('begun');
        end.send('from the handler');
      };
      setitimer(ITIMER_REAL, 0.02, 0);
      end.send('c'.repeat(2_000_000));
      end.send('last');
    });
    assert.equal(handling.get(), 'begun');
    untilIn(pid, 'poll(2)');
    assert.equal(other.receive().length, 2_000_000);
    assert.deepEqual([other.receive(), other.receive()], ['from the handler', 'last']);
    ended(pid);
  },

  async 'room-in-the-loop'() {
    const [mine, its] = Channel.pair();
    let taken = 0;
    const sending = Array.from({ length: 60 }, (_, n) =>
      mine.sendAsync(`${n}:${'x'.repeat(50_000)}`).then(() => taken++),
    );
    await new Promise(setImmediate);
    assert.ok(taken < 60);
    for (let n = 0; n < 60; n++) assert.equal((await its.receiveAsync()).split(':')[0], String(n));
    await Promise.all(sending);
    assert.equal(taken, 60);
  },

  async 'given-up'() {
    const [mine, its] = Channel.pair();
    assert.throws(() => mine.receive({ timeout: 10 }), late);
    await assert.rejects(mine.receiveAsync({ timeout: 10 }), late);
    const controller = new AbortController();
    const waiting = [mine.receiveAsync({ signal: controller.signal }), mine.receiveAsync(), mine.receiveAsync()];
    controller.abort(new Error('no more'));
    await assert.rejects(waiting[0], { message: 'no more' });
    its.send(1);
    its.send(2);
    assert.deepEqual(await Promise.all(waiting.slice(1)), [1, 2]);
    const last = mine.receiveAsync();
    mine.close();
    await assert.rejects(last, closed);
  },

  async unread() {
    const [mine, its] = Channel.pair();
    its.send('nobody reads it');
    mine.send('nor this');
    mine.close();
    const messages = [];
    for await (const message of its) messages.push(message);
    assert.deepEqual(messages, ['nor this']);
  },

  limits() {
    const [mine, its] = Channel.pair({ maxMessage: 100 });
    assert.throws(() => mine.send('x'.repeat(100)), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
    assert.throws(() => mine.send(() => 1), /could not be cloned/);
    mine.send('x'.repeat(95));
    assert.equal(its.receive().length, 95);
    for (const maxMessage of [0, 2 ** 30 + 1, 1.5])
      assert.throws(() => Channel.pair({ maxMessage }), { code: 'ERR_OUT_OF_RANGE' });
  },

  async damaged() {
    const bytes = [
      [255, 255, 255, 255, 1],
      [0, 0, 0, 0],
      [1, 0, 0, 0, 99],
      [3, 0, 0, 0, 7, 5, 97],
      // An object with a key that would be its prototype.
      [14, 0, 0, 0, 10, 1, 7, 9, ...Buffer.from('__proto__'), 10],
      [3, 0, 0, 0, 0, 1, 2],
    ];
    for (const wrong of bytes) {
      const [mine, its] = Channel.pair();
      write(its.fd, Uint8Array.from(wrong));
      its.close();
      await assert.rejects(mine.receiveAsync(), { name: 'DamagedError', code: 'ERR_DAMAGED' });
    }
  },

  // Whatever the other end writes, it is a message or it is damaged: here, messages with a byte or two of them changed.
  noise() {
    const counts = { messages: 0, damaged: 0 };
    const frame = Buffer.alloc(200);
    const [sender, wire] = Channel.pair();
    sender.send({ id: 7, name: 'an item', list: [1, -2, 0.5, null], text: '€'.repeat(9), inner: { true: true } });
    const length = read(wire.fd, frame);
    for (let n = 0; n < 5_000; n++) {
      const [mine, its] = Channel.pair();
      const bytes = Buffer.from(frame.subarray(0, length));
      for (let changes = randomInt(1, 3); changes > 0; changes--) bytes[randomInt(4, length)] = randomInt(256) % 140;
      write(its.fd, bytes);
      its.close();
      try {
        mine.receive();
        counts.messages++;
      } catch (error) {
        assert.equal(error.name, 'DamagedError', bytes.toString('hex'));
        counts.damaged++;
      }
      mine.close();
    }
    assert.ok(counts.messages > 100 && counts.damaged > 100, JSON.stringify(counts));
  },

  async 'lets-the-loop-end'() {
    const [mine, its] = Channel.pair();
    const { exited } = await forkChild(async () => {
      its.unref();
      await Promise.race([its.receiveAsync(), new Promise((resolve) => setTimeout(resolve, 5))]);
    });
    assert.deepEqual(await exited, ok);
    mine.close();
  },

  async forked() {
    const [mine, its] = Channel.pair();
    const waiting = mine.receiveAsync();
    const { pid, exited } = await forkChild(() => new Promise((resolve) => setTimeout(resolve, 10)));
    its.send('for the parent');
    assert.equal(await waiting, 'for the parent');
    assert.deepEqual(await exited, ok);
    assert.throws(() => kill(pid, 0), { code: 'ESRCH' });
  },
});
