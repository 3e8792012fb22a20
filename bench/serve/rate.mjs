// How many requests per second four workers answer: each on a connection of its own, and on connections that stay open.
import { servers } from './contestants.mjs';
import { compared, counted, interleave } from './figures.mjs';
import { wrk } from './load.mjs';

const WORKERS = 4;
const ROUNDS = 5;
const WARM_UP = 3; // seconds
const BARS = {
  close: { 'cluster, round robin': 4, 'cluster, SCHED_NONE': 2 },
  keep: { 'cluster, round robin': 1.1 },
};

/** All servers are up at the same time, and one is asked after the other. */
async function measure(seconds, close) {
  const families = {};
  for (const [name, server] of Object.entries(servers)) families[name] = await server('bare', WORKERS);
  // Until its workers have compiled what they do again and again.
  for (const { port } of Object.values(families)) await wrk(port, { seconds: WARM_UP, close });
  const measures = Object.entries(families).map(([name, family]) => [
    name,
    async () => {
      const before = family.processorTime();
      const { requests, perSecond, lost } = await wrk(family.port, { seconds, close });
      return { perSecond, lost, cost: (family.processorTime() - before) / requests };
    },
  ]);
  const values = await interleave(ROUNDS, Object.fromEntries(measures));
  for (const family of Object.values(families)) await family.stop();
  return values;
}

/** What was measured of each server. */
function each(values, name) {
  return Object.fromEntries(Object.entries(values).map(([server, list]) => [server, list.map((value) => value[name])]));
}

function figuresOf(what, values, bars) {
  const [rates, costs, lost] = ['perSecond', 'cost', 'lost'].map((name) => each(values, name));
  const peers = Object.keys(values).filter((name) => name !== 'truefork');
  const against = (all, peer, rest) => compared({ ours: all.truefork, theirs: all[peer], peer, ...rest });
  return [
    ...peers.map((peer) => against(rates, peer, { what, unit: '/s', better: 'more', bar: bars[peer] })),
    // The load takes its part of the machine too: this is what the server takes of it.
    ...peers.map((peer) => against(costs, peer, { what: '  processor time of each', unit: 'µs', better: 'less' })),
    counted({
      what: '  lost by any of them',
      ours: Object.values(lost)
        .flat()
        .reduce((a, b) => a + b),
      most: 0,
    }),
  ];
}

export default async function rate({ seconds }) {
  const close = await measure(seconds, true);
  const keep = await measure(seconds, false);
  return {
    figures: [
      ...figuresOf('new connections', close, BARS.close),
      ...figuresOf('requests on connections that stay open', keep, BARS.keep),
    ],
    pictures: [
      {
        name: 'serve-connections',
        title: 'One request a connection, four workers',
        unit: 'requests per second',
        rows: each(close, 'perSecond'),
      },
      {
        name: 'serve-keep-alive',
        title: 'Connections that stay open, four workers',
        unit: 'requests per second',
        rows: each(keep, 'perSecond'),
      },
    ],
  };
}
