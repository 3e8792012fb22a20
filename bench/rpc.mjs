// RPC side by side with others: each figure against its bar. Medians of measurements that are taken in turn; each ratio is of
// figures from this run.
//
// `npm run bench -- rpc [--seconds 3] [--rows sequential,loss,…] [--json FILE] [--pictures FOLDER]`: how long each load lasts.
import loss from './rpc/loss.mjs';
import { stopAll } from './rpc/processes.mjs';
import { bare, pipelined, sequential } from './rpc/rate.mjs';
import { measure } from './side-by-side.mjs';

const rows = { sequential, pipelined, bare, loss };

await measure({
  name: 'rpc',
  title: 'RPC',
  about:
    'Beside @grpc/grpc-js, jayson and a plain server with the same frames, in turn; servers and loads are processes of their own.',
  versions: ['@grpc/grpc-js', 'jayson'],
  rows,
  numbers: { seconds: { untold: 3, quick: 1 } },
  stopAll,
});
