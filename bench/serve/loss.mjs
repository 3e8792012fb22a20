// Requests that are lost while the workers are replaced without a break: by a new application, by forks of a warm worker, and
// because each has served as many requests as it may.
import { group, row } from '../result.mjs';
import { truefork } from './contestants.mjs';
import { wrk } from './load.mjs';

const WORKERS = 4;
const SPAN = { full: 60, quick: 4 }; // seconds
const SLICE = { full: 10, quick: 2 }; // seconds
const MAX_REQUESTS = 100;

export default async function loss({ requests = Infinity, quick }) {
  const length = quick ? 'quick' : 'full';
  const family = await truefork('bare', WORKERS, '--max-requests', String(MAX_REQUESTS));
  const { port } = family;
  const sum = { requests: 0, lost: 0 };
  const load = async () => {
    const both = [true, false].map((close) => wrk(port, { seconds: SLICE[length], connections: 16, close }));
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
  const enough = () =>
    requests === Infinity ? performance.now() - begun > SPAN[length] * 1_000 : sum.requests >= requests;
  while (!enough()) await load();
  loaded = true;
  await replacing;
  const counts = { reload: family.count(/ reloaded /), refork: family.count(/ reforked /) };
  const recycled = family.count(/ recycling /);
  const failed = family.count(/ (reload|refork) failed /);
  await family.stop();
  return [
    group({
      name: 'loss',
      title: 'Requests while the workers are replaced again and again',
      about: `Of ${sum.requests.toLocaleString('en-US')} requests, those that were lost, and the replacements that failed.`,
      better: 'less',
      rows: [
        row('requests lost', [sum.lost], { ours: true }),
        row('replacements that failed', [failed], { ours: true }),
      ],
      bars: [
        { row: 'requests lost', most: 0 },
        { row: 'replacements that failed', most: 0 },
      ],
      notes: [
        { what: 'requests', value: sum.requests },
        { what: 'reloads meanwhile', value: counts.reload },
        { what: 'reforks', value: counts.refork },
        { what: 'workers replaced after their number of requests', value: recycled },
      ],
    }),
  ];
}
