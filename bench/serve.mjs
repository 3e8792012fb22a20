// The prefork server side by side with node:cluster, and with the process managers that people run: each figure against its bar.
// Medians of measurements that are taken in turn; each ratio is of figures from this run.
//
// `npm run bench -- serve [--seconds 5] [--requests N] [--recycles 10000] [--rows start,rate,…] [--json FILE] [--pictures FOLDER]`:
// how long each load lasts; how many requests to replace workers under, at least (default: as many as fit in a minute); how
// many workers to recycle.
import { aptMissing } from './serve/contestants.mjs';
import { stopAll } from './serve/family.mjs';
import loss from './serve/loss.mjs';
import memory from './serve/memory.mjs';
import peers from './serve/peers.mjs';
import rate from './serve/rate.mjs';
import recycle from './serve/recycle.mjs';
import respawn from './serve/respawn.mjs';
import skew from './serve/skew.mjs';
import start from './serve/start.mjs';
import wait from './serve/wait.mjs';
import { measure } from './side-by-side.mjs';

const rows = { start, rate, memory, respawn, loss, recycle, skew, wait, peers };

await measure({
  name: 'serve',
  title: 'The prefork server',
  about: 'Beside node:cluster, pm2 and gunicorn: real servers with the same application, in turn.',
  versions: ['Express', 'pm2', 'gunicorn', 'wrk'],
  rows,
  numbers: {
    seconds: { untold: 5, quick: 1 },
    requests: {},
    recycles: { untold: 10_000, quick: 40 },
  },
  missing() {
    const install = aptMissing('wrk');
    return install && `wrk is missing, which makes the load; install it with: ${install}`;
  },
  stopAll,
});
