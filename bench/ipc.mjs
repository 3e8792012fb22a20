// Ways between two processes: round trips of a number, and small objects one way. Against Node's own ways and Python's
// multiprocessing; medians of processes that take turns.
//
// `npm run bench -- ipc [--rounds 5] [--rows trip,item] [--json FILE] [--pictures FOLDER]`
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { absent, compared, interleave } from './serve/figures.mjs';
import { measure } from './side-by-side.mjs';

const programs = join(import.meta.dirname, 'programs');
const COUNTS = { trip: 20_000, item: 200_000 };
const MICROSECOND = 1_000;

const run = (command, ...args) => Number(execFileSync(command, args.map(String), { encoding: 'utf8' })) / MICROSECOND;
const node = (way, kind) => () => run(process.execPath, join(programs, 'ipc-times.mjs'), way, kind, COUNTS[kind]);

const python = (way, kind) => () => {
  try {
    return run('python3', join(programs, 'ipc-times.py'), way, kind, COUNTS[kind]);
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
};

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
  trip: [['memory', 'process.send', 10]],
  item: [
    ['channel', 'process.send', 2],
    ['queue', 'Python’s Queue', 5],
  ],
};
const WHAT = { trip: 'a round trip of a number', item: 'a small object, one way' };

function row(kind) {
  return async ({ rounds }) => {
    const ways = Object.entries(OURS).filter(([way]) => kind === 'trip' || way !== 'memory');
    const times = await interleave(rounds, {
      ...Object.fromEntries(ways.map(([way, name]) => [`truefork: ${name}`, node(way, kind)])),
      ...Object.fromEntries(Object.entries(THEIRS).map(([way, name]) => [name, node(way, kind)])),
      ...Object.fromEntries(Object.entries(PYTHON).map(([way, name]) => [name, python(way, kind)])),
    });
    const against = (way, peer) => {
      if (times[peer].includes(undefined)) return absent(peer, 'apt-get install -y python3');
      const [, , bar] = BARS[kind].find(([ours, theirs]) => ours === way && theirs === peer) ?? [];
      const [ours, theirs] = [times[`truefork: ${OURS[way]}`], times[peer]];
      return compared({ what: `${WHAT[kind]}: ${OURS[way]}`, unit: 'µs', ours, theirs, peer, better: 'less', bar });
    };
    const peers = [...Object.values(THEIRS), ...Object.values(PYTHON)];
    const figures = ways.flatMap(([way]) => peers.map((peer) => against(way, peer)));
    const drawn = Object.entries(times).filter(([, values]) => !values.includes(undefined));
    const picture = {
      name: `ipc-${kind}`,
      title: WHAT[kind],
      unit: 'µs, less is better',
      rows: Object.fromEntries(drawn),
    };
    return { figures, pictures: [picture] };
  };
}

await measure({
  name: 'ipc',
  rows: { trip: row('trip'), item: row('item') },
  numbers: { rounds: 5 },
  remark: '; the ratio is how many times as fast ours is',
  stopAll: () => Promise.resolve(),
});
