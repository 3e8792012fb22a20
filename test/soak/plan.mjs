// What happens in a round, drawn from the seed and the round's number alone: a round that has failed can be run again.

/** A generator of numbers in [0, 1): splitmix32. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

// Begun before a fork, and arriving in both processes. Nothing that opens a descriptor: they would read it by turns.
const IN_FLIGHT = ['stat', 'crypto', 'zip', 'lookup', 'timer', 'compile'];
const WORK = [...IN_FLIGHT, 'file', 'http', 'spawn', 'worker', 'collect', 'watch'];

const ENDS = [
  { how: 'natural', chance: 3 },
  { how: 'exit', chance: 3 },
  { how: '_exit', chance: 2 },
  { how: 'throw', chance: 1 },
  { how: 'reject', chance: 1 },
  { how: 'abort', chance: 1 },
  { how: 'raise', chance: 1 },
];
const RAISED = ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGHUP', 'SIGUSR2'];
/** Only of children whose parent listens to what they say. */
const KILLED = { how: 'killed', chance: 2 };
const KILLING = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT'];

/**
 * @returns {{ refused: boolean, signal: boolean, forks: Fork[] }} whether a fork beside a worker thread is tried first,
 *   and whether the parent signals itself at the end. A Fork: { children, many, allocate, inFlight, turn }. A child:
 *   { id, work, signal, end, forks }.
 */
export function plan(seed, round) {
  const random = generator(Math.imul(seed, 0x9e3779b1) + Math.imul(round + 1, 0x85ebca6b));
  const chance = (share) => random() < share;
  const integer = (least, most) => least + Math.floor(random() * (most - least + 1));
  const pick = (list) => list[integer(0, list.length - 1)];
  const some = (list, most) => Array.from({ length: integer(0, most) }, () => pick(list));
  let ids = 0;

  function end(ends) {
    let left = random() * ends.reduce((sum, { chance }) => sum + chance, 0);
    const { how } = ends.find(({ chance }) => (left -= chance) < 0) ?? ends[0];
    if (how === 'raise') return { how, signal: pick(RAISED) };
    if (how === 'killed') return { how, signal: pick(KILLING) };
    return { how, code: integer(0, 200) };
  }

  function child(depth) {
    return {
      id: ids++,
      work: some(WORK, 3),
      signal: depth === 0 && chance(0.3),
      end: end(depth === 0 ? [...ENDS, KILLED] : ENDS),
      forks: depth < 4 && chance(0.25) ? [fork(depth + 1)] : [],
    };
  }

  function fork(depth) {
    const many = chance(0.3);
    return {
      many,
      children: Array.from({ length: many ? integer(1, 4) : 1 }, () => child(depth)),
      allocate: chance(0.3) ? integer(1, 20) : 0,
      inFlight: some(IN_FLIGHT, 4),
      turn: chance(0.5),
    };
  }

  return {
    refused: chance(0.03),
    signal: chance(0.3),
    forks: Array.from({ length: integer(1, 4) }, () => fork(0)),
  };
}
