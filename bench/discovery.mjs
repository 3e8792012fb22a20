// How soon clients know of servers that come and go, and what outages leave of a registration: each figure against its bar.
//
// `npm run bench -- discovery [--runs 50] [--rows gone,hung,…] [--json FILE] [--pictures FOLDER]`: how often each thing is
// measured; those that take seconds less often, as their lines say.
import gone from './discovery/gone.mjs';
import hung from './discovery/hung.mjs';
import killed from './discovery/killed.mjs';
import outages from './discovery/outages.mjs';
import { stopAll } from './discovery/registrant.mjs';
import { destroyAll, serversMissing } from './discovery/servers.mjs';
import { closeAll } from './discovery/watchers.mjs';
import { measure } from './side-by-side.mjs';

const rows = { gone, killed, hung, outages };

await measure({
  name: 'discovery',
  title: 'Discovery',
  about:
    'How soon clients know of servers that come and go, and what outages of ZooKeeper leave of a registration: promises, of which each is measured.',
  versions: ['ZooKeeper', 'Java'],
  rows,
  numbers: { runs: { untold: 50, quick: 2 } },
  missing() {
    const install = serversMissing();
    return install && `ZooKeeper is missing; install it with: ${install}`;
  },
  async stopAll() {
    await stopAll();
    await closeAll();
    await destroyAll();
  },
});
