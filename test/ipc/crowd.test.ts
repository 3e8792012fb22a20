import { passes, rounds } from '../support/programs';

test('of a million items that sixteen processes put and sixteen get, each comes once', async () => {
  await passes('ipc-crowd.mjs', { args: [String(rounds(1_000_000))] });
});
