// What V8 has to learn for each connection of a worker.
import { nodes, passes } from '../support/programs';

// Later ones do not make them.
test.each(nodes().filter(({ major }) => major === '20'))(
  'sockets have no shapes of their own on Node.js $major',
  async ({ path: node }) => {
    await passes('prefork-sockets.mjs', { node });
  },
);
