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
  rows,
  numbers: { seconds: 3 },
  remark: '; the ratio is how many times as good ours is',
  stopAll,
});
