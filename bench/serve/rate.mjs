// How many requests per second four workers answer: each on a connection of its own, and on connections that stay open.
import { servers } from './contestants.mjs';
import { group, interleave, rowsOf } from '../result.mjs';
import { wrk } from './load.mjs';

const WORKERS = 4;
const ROUNDS = 5;
const WARM_UP = { full: 3, quick: 1 }; // seconds
const BARS = {
  close: { 'cluster, round robin': 4, 'cluster, SCHED_NONE': 2 },
  keep: { 'cluster, round robin': 1.1 },
  express: { 'cluster, round robin': 1.1 },
};

/** All servers are up at the same time, and one is asked after the other. */
async function measure({ seconds, quick, times }, application, close) {
  const families = {};
  for (const [name, server] of Object.entries(servers)) families[name] = await server(application, WORKERS);
  // Until its workers have compiled what they do again and again.
  for (const { port } of Object.values(families))
    await wrk(port, { seconds: WARM_UP[quick ? 'quick' : 'full'], close });
  const measures = Object.entries(families).map(([name, family]) => [
    name,
    async () => {
      const before = family.processorTime();
      const { requests, perSecond, lost } = await wrk(family.port, { seconds, close });
      return { perSecond, lost, cost: (family.processorTime() - before) / requests };
    },
  ]);
  const values = await interleave(times(ROUNDS), Object.fromEntries(measures));
  for (const family of Object.values(families)) await family.stop();
  return values;
}

/** What was measured of each server. */
function each(values, name) {
  return Object.fromEntries(Object.entries(values).map(([server, list]) => [server, list.map((value) => value[name])]));
}

function groupsOf(name, { title, about }, values, bars) {
  const [rates, costs, lost] = ['perSecond', 'cost', 'lost'].map((what) => each(values, what));
  const sums = Object.entries(lost).map(([server, list]) => [server, [list.reduce((a, b) => a + b)]]);
  return [
    group({
      name,
      title,
      about,
      unit: '/s',
      better: 'more',
      rows: rowsOf(rates),
      bars: Object.entries(bars).map(([peer, times]) => ({ row: 'truefork', peer, times })),
      isPictured: true,
    }),
    // The load takes its part of the machine too: this is what the server takes of it.
    group({
      name: `${name}-cost`,
      title: `${title}: processor time of each`,
      about: 'Processor time that all processes of the server have taken, by request.',
      unit: 'µs',
      better: 'less',
      rows: rowsOf(costs),
    }),
    group({
      name: `${name}-lost`,
      title: `${title}: lost`,
      about: 'Requests that were refused, reset, answered by an error, or not answered within 30 seconds.',
      better: 'less',
      rows: rowsOf(Object.fromEntries(sums)),
      bars: sums.map(([row]) => ({ row, most: 0 })),
    }),
  ];
}

const WHAT = {
  close: {
    title: 'One request a connection, four workers',
    about: 'How many requests a second four workers answer, each on a connection of its own.',
  },
  keep: {
    title: 'Connections that stay open, four workers',
    about: 'How many requests a second four workers answer on 64 connections that stay open.',
  },
  express: {
    title: 'An application on Express, four workers',
    about:
      'How many requests a second four workers answer on 64 connections that stay open, with an application on Express.',
  },
};

export default async function rate(options) {
  return [
    ...groupsOf('connections', WHAT.close, await measure(options, 'bare', true), BARS.close),
    ...groupsOf('keep-alive', WHAT.keep, await measure(options, 'bare', false), BARS.keep),
    ...groupsOf('express', WHAT.express, await measure(options, 'express', false), BARS.express),
  ];
}
