// V8's own collection, once a process has come to rest: a family does not inherit it.
import { nodes, passes } from '../support/programs';

const nodeArgs = ['--expose-gc', '--optimize-for-size', '--gc-memory-reducer-start-delay-ms=100'];
// The V8 of Node.js 20 cannot be told while it runs.
const told = nodes().filter(({ major }) => Number(major) >= 22);

// On Node.js 22 and later, all at a time: they wait, for as long as V8 does.
test('workers that have had nothing to do collect nothing: V8 does as ever for what they take', async () => {
  const runs = told.map(({ path: node }) => passes('prefork-rest.mjs', { node, nodeArgs }));
  const after = told.slice(-1).map(({ path: node }) => passes('prefork-rest.mjs', { node, nodeArgs, args: ['after'] }));
  await Promise.all([...runs, ...after]);
});
