// The tests of Node's suite: which there are, what they want, and a sample of them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of the suite whose tests pass if they exit with 0. Those that run alone use a fixed port, or need the time. */
const parts = [
  { folder: 'parallel', alone: false },
  { folder: 'async-hooks', alone: false },
  { folder: 'es-module', alone: false },
  { folder: 'sequential', alone: true },
];

/** All tests, each by its path in the suite: "parallel/test-fs-read.js". */
export function listTests(suite) {
  return parts.flatMap(({ folder, alone }) =>
    readdirSync(join(suite, 'test', folder))
      .filter((name) => /^test-.*\.m?js$/.test(name))
      .sort()
      .map((name) => ({ name: `${folder}/${name}`, path: join(suite, 'test', folder, name), alone })),
  );
}

/** The options of Node.js that a test asks for in a comment. */
export function flagsOf({ path }) {
  const [, flags = ''] = readFileSync(path, 'utf8').match(/\/\/\s+Flags:(.*)/) ?? [];
  return flags.split(/\s+/).filter(Boolean);
}

// The generator of Park and Miller: any seed from 1 to 2³¹ - 2 gives the same numbers on every machine.
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

/** The largest seed. */
export const SEED_MAX = 2_147_483_646;

/** `count` of the tests, the same ones for the same seed. */
export function sample(tests, count, seed) {
  const draw = generator(seed);
  const rest = [...tests];
  const chosen = new Set();
  while (chosen.size < count && rest.length > 0) chosen.add(...rest.splice(draw(rest.length), 1));
  return tests.filter((test) => chosen.has(test));
}
