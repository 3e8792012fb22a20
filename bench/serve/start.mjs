// Four workers of an HTTP server, from "start" to all accepting: prefork against node:cluster. Each time in a process of
// its own, in turn, so that both see the machine as it is.
import { group, interleave, row } from '../result.mjs';
import { node } from '../running.mjs';

/** Of each application, how many times as fast prefork has to be. */
const BARS = { express: 25 };
const WHAT = { bare: 'node:http alone', express: 'Express' };
const ROUNDS = 15;

/** @param rest what the group has besides */
export async function startGroup({ application, rounds, ...rest }) {
  const { truefork, cluster } = await interleave(rounds, {
    truefork: () => node('start-prefork.mjs', application),
    cluster: () => node('start-cluster.mjs', application),
  });
  return [
    group({
      title: `Four workers, from start to all accepting: ${WHAT[application]}`,
      about: `How long it takes until the last of four workers of a server on ${WHAT[application]} accepts connections.`,
      unit: 'ms',
      better: 'less',
      rows: [row('truefork', truefork, { ours: true }), row('node:cluster', cluster)],
      bars: application in BARS ? [{ row: 'truefork', peer: 'node:cluster', times: BARS[application] }] : [],
      ...rest,
    }),
  ];
}

export default function start({ times }) {
  return startGroup({ name: 'start', application: 'express', rounds: times(ROUNDS), isPictured: true });
}
