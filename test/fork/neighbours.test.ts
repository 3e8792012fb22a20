// Addons of others, with threads of their own: a fork either works in both processes, or is refused and names the thread.
import { nodes, passes } from '../support/programs';
import { temporaryDirectory } from '../support/runtime';

describe.each(nodes())('fork on Node $major, beside the threads of other addons', ({ path: node }) => {
  test('sharp goes on resizing in both processes; a fork that may not wait for it names its threads', async () => {
    await passes('neighbours-sharp.mjs', { node, args: ['50'] });
  });

  test('a database stays whole in the parent, and a child has one of its own', async () => {
    await passes('neighbours-database.mjs', { node, args: ['12', temporaryDirectory()] });
  });

  test('every call that a thread has queued for JavaScript arrives in both processes, once', async () => {
    await passes('neighbours-threads.mjs', { node, args: ['calls', '50'] });
  });

  test('both processes can join a thread that was born before the fork', async () => {
    await passes('neighbours-threads.mjs', { node, args: ['join', '50'] });
  });

  test('a thread that wakes every millisecond goes on in both processes', async () => {
    await passes('neighbours-threads.mjs', { node, args: ['ticker', '200'] });
  });

  test('what two threads do in turns is done before the fork', async () => {
    await passes('neighbours-threads.mjs', { node, args: ['relay', '1000'] });
  });

  test.each(['reader', 'computer'])('a thread that does not become idle is named: %s', async (kind) => {
    await passes('neighbours-threads.mjs', { node, args: [kind] });
  });
});
