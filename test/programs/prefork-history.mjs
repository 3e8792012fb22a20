// Many things happen to a family in a moment, on purpose: what its history keeps of them.
import assert from 'node:assert';
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const MOST = 1_000; // events that a history keeps
const SIZES = 50;

const master = await prefork(createServer(), { host: '127.0.0.1', workers: 1 });
const scales = async () => (await master.status()).events.filter(({ kind }) => kind === 'scale');
const pause = () => new Promise((resolve) => setTimeout(resolve, 300));

// What is the same for the same place is one event, with a count. No worker is forked or ended within this turn.
for (let n = 0; n < 5; n++) master.scale(1);
const [same, ...none] = await scales();
assert.deepEqual(none, []);
assert.deepEqual([same.detail, same.count], ['workers=1 from=1', 5]);
assert(same.last >= same.time);

// From each of so many sizes to each: none of these is the same as another.
const before = (await master.status()).events.length;
for (let from = 1; from <= SIZES; from++) {
  for (let to = from + 1; to <= SIZES; to++) {
    master.scale(from);
    master.scale(to);
  }
}
master.scale(1);
await pause(); // A status is as old as a moment.
const { events, forgotten } = await master.status();
const made = events.length + forgotten - before;
assert(made > MOST, `${made} events were made`);
assert.equal(events.length, MOST);
assert(forgotten > 0);
// The oldest have gone.
assert(!events.some(({ kind, worker }) => kind === 'ready' && worker === 0));
for (const [n, event] of events.entries()) assert(n === 0 || events[n - 1].time <= event.time);

await master.stop();
console.log('passed');
