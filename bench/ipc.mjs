// Ways between two processes: round trips of a number, and small objects one way. Against Node's own ways and Python's
// multiprocessing; medians of processes that take turns.
//
// `npm run bench -- ipc [--rounds 5] [--rows trip,item] [--json FILE] [--pictures FOLDER]`
import { group, interleave, rowsOf } from './result.mjs';
import { node, PYTHON as INSTALL, python } from './running.mjs';
import { measure } from './side-by-side.mjs';

const COUNTS = { trip: 20_000, item: 200_000 };
const FEW = 1_000;
const MICROSECOND = 1_000;

const OURS = {
  pipe: 'a pipe',
  socketpair: 'a socketpair',
  channel: 'Channel',
  queue: 'Queue',
  memory: 'memory and futex',
};
const THEIRS = { send: 'process.send', worker: 'MessageChannel' };
const PYTHON = { queue: 'Python’s Queue', pipe: 'Python’s Pipe' };

// How many times as fast ours has to be.
const BARS = {
  trip: [{ row: 'truefork: memory and futex', peer: 'process.send', times: 10 }],
  item: [
    { row: 'truefork: Channel', peer: 'process.send', times: 2 },
    { row: 'truefork: Queue', peer: 'Python’s Queue', times: 5 },
  ],
};
const WHAT = {
  trip: { title: 'A round trip of a number', about: 'How long a number takes to another process and back.' },
  item: {
    title: 'A small object, one way',
    about: 'How long each takes of a stream of small objects to another process.',
  },
};

function row(kind) {
  return async ({ rounds, quick }) => {
    const ways = Object.entries(OURS).filter(([way]) => kind === 'trip' || way !== 'memory');
    const count = quick ? FEW : COUNTS[kind];
    const inNode = (way) => () => node('ipc-times.mjs', way, kind, count) / MICROSECOND;
    const inPython = (way) => () => {
      const time = python('ipc-times.py', way, kind, count);
      return time && time / MICROSECOND;
    };
    const times = await interleave(rounds, {
      ...Object.fromEntries(ways.map(([way, name]) => [`truefork: ${name}`, inNode(way)])),
      ...Object.fromEntries(Object.entries(THEIRS).map(([way, name]) => [name, inNode(way)])),
      ...Object.fromEntries(Object.entries(PYTHON).map(([way, name]) => [name, inPython(way)])),
    });
    const rows = rowsOf(times, () => ({ install: INSTALL }));
    return [group({ name: kind, ...WHAT[kind], unit: 'µs', better: 'less', rows, bars: BARS[kind], isPictured: true })];
  };
}

await measure({
  name: 'ipc',
  title: 'From process to process',
  about:
    'Pipes, sockets, Channel, Queue and shared memory against process.send, MessageChannel and Python’s multiprocessing.',
  versions: ['Python'],
  rows: { trip: row('trip'), item: row('item') },
  numbers: { rounds: { untold: 5, quick: 1 } },
});
