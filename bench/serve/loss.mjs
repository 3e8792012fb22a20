// Requests that are lost while the workers are replaced without a break: by a new application, by forks of a warm worker, and
// because each has served as many requests as it may.
import { truefork } from './contestants.mjs';
import { counted } from './figures.mjs';
import { wrk } from './load.mjs';

const WORKERS = 4;
const MINUTE = 60; // seconds
const SLICE = 10; // seconds
const MAX_REQUESTS = 100;

export default async function loss({ requests = Infinity }) {
  const family = await truefork('bare', WORKERS, '--max-requests', String(MAX_REQUESTS));
  const { port } = family;
  const sum = { requests: 0, lost: 0 };
  const load = async () => {
    const both = [true, false].map((close) => wrk(port, { seconds: SLICE, connections: 16, close }));
    for (const result of await Promise.all(both)) {
      sum.requests += result.requests;
      sum.lost += result.lost;
    }
  };
  let loaded = false;
  const replaceAgainAndAgain = async () => {
    const changes = [
      ['SIGHUP', / (reloaded|reload failed) /],
      ['SIGUSR2', / (reforked|refork failed) /],
    ];
    for (let n = 1; ; n++) {
      for (const [signal, done] of changes) {
        if (loaded) return;
        family.signal(signal);
        await family.logged(done, n);
      }
    }
  };
  const replacing = replaceAgainAndAgain();
  const begun = performance.now();
  const enough = () => (requests === Infinity ? performance.now() - begun > MINUTE * 1_000 : sum.requests >= requests);
  while (!enough()) await load();
  loaded = true;
  await replacing;
  const count = (what, pattern) => counted({ what: `  ${what}`, ours: family.count(pattern) });
  const figures = [
    counted({ what: `lost of ${sum.requests.toLocaleString('en-US')} requests`, ours: sum.lost, most: 0 }),
    count('reloads meanwhile', / reloaded /),
    count('reforks', / reforked /),
    count('workers replaced after their number of requests', / recycling /),
    counted({ what: '  replacements that failed', ours: family.count(/ (reload|refork) failed /), most: 0 }),
  ];
  await family.stop();
  return { figures, pictures: [] };
}
