import { nodes, passes } from '../support/programs';

test.each(nodes())(
  'createAppServer serves Express as http.createServer does on Node.js $major',
  async ({ path: node }) => {
    await passes('app-server.mjs', { node });
  },
);
