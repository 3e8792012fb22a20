// More than a thousand rounds of kill -9 at any moment. TEST_SEED repeats a run; a failure says the seed of its round.
import { passes, rounds } from '../support/programs';

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);

const kinds: [kind: string, rounds: number, what: string][] = [
  ['queue', 450, 'a queue loses and doubles nothing but what the dead one had in its hands'],
  ['lock', 200, 'a lock is recovered, and what it protects put right'],
  ['semaphore', 150, 'what the dead one had of a semaphore is taken over'],
  ['channel', 150, 'the other end of a channel receives what was sent whole, and then the end'],
  ['condition', 150, 'a condition loses no notification'],
  ['barrier', 50, 'those at a barrier are told'],
  ['pool', 150, 'a pool loses the task of the dead one alone'],
];

test.each(kinds)(`whoever is killed at whatever moment (%s, %i times, seed ${seed}): %s`, async (kind, count) => {
  await passes('ipc-kill.mjs', { args: [kind, String(seed), String(rounds(count))] });
});
