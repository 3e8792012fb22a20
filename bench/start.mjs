// Four workers of an HTTP server, from "start" to all accepting: prefork against node:cluster. `express` is a server as people
// run them, which every worker of a cluster loads for itself; `bare` is node:http and nothing else.
//
// `npm run bench -- start [--rows bare,express]`
import { startGroup } from './serve/start.mjs';
import { measure } from './side-by-side.mjs';

await measure({
  name: 'start',
  title: 'The start of a server',
  about:
    'Four workers of an HTTP server under prefork and under node:cluster, in turn, each time in a process of its own.',
  versions: ['Express'],
  rows: {
    bare: ({ times }) => startGroup({ name: 'bare', application: 'bare', rounds: times(15) }),
    express: ({ times }) => startGroup({ name: 'express', application: 'express', rounds: times(15) }),
  },
});
