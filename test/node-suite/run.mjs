// `npm run test:node-suite -- OPTIONS`: runs Node's own test suite in forked children. A test that fails there, and passes
// without the fork, is a mistake of ours.
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { explanation } from './exceptions.mjs';
import { execute, killAll } from './execute.mjs';
import { fetchSuite } from './fetch.mjs';
import { flagsOf, listTests, sample, SEED_MAX } from './tests.mjs';

const here = import.meta.dirname;

const usage = `Runs Node's own test suite in forked children.

  --sample N       only N tests, chosen by the seed (default: all)
  --seed S         1 to ${SEED_MAX} (default: any; it is printed)
  --only PATTERN   only tests whose name matches this regular expression
  --list FILE      only the tests named in this file, one a line
  --node PATH      the Node.js to test (default: the one that runs this)
  --warm           fork a process that has served HTTP, used its threads and collected garbage, not a new one
  --jobs N         how many tests at a time (default: one per processor)
  --results FILE   where each test's verdict goes, as JSON (default: build/node-suite.json)
  --help
`;

/** The time limit of one test. */
const SECONDS = 30;

function misused(message) {
  process.stderr.write(`${message}\n\n${usage}`);
  process.exit(2);
}

function parse(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return misused(error.message);
  }
}

function readOptions() {
  const values = parse({
    sample: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    list: { type: 'string' },
    node: { type: 'string', default: process.execPath },
    warm: { type: 'boolean', default: false },
    jobs: { type: 'string', default: String(availableParallelism()) },
    results: { type: 'string', default: join(here, '..', '..', 'build', 'node-suite.json') },
    help: { type: 'boolean', default: false },
  });
  const number = (name, least, most) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least || value > most) {
      misused(`--${name} must be an integer from ${least} to ${most}`);
    }
    return value;
  };
  return {
    ...values,
    node: resolve(values.node),
    jobs: number('jobs', 1, 1024),
    sample: values.sample === undefined ? undefined : number('sample', 1, Infinity),
    seed: values.seed === undefined ? randomInt(1, SEED_MAX + 1) : number('seed', 1, SEED_MAX),
  };
}

function choose(suite, options) {
  let tests = listTests(suite);
  if (options.only !== undefined) {
    const pattern = new RegExp(options.only);
    tests = tests.filter(({ name }) => pattern.test(name));
  }
  if (options.list !== undefined) {
    const names = readFileSync(options.list, 'utf8').split('\n').filter(Boolean);
    const unknown = names.filter((name) => !tests.some((test) => test.name === name));
    if (unknown.length > 0) misused(`there are no such tests: ${unknown.join(', ')}`);
    tests = tests.filter(({ name }) => names.includes(name));
  }
  if (options.sample !== undefined) tests = sample(tests, options.sample, options.seed);
  if (tests.length === 0) misused('there is no such test');
  return tests;
}

/** The arguments of `node` for a test, without the fork that is tested, and with it. */
function commands(test, warm) {
  const flags = flagsOf(test);
  const warmUp = join(here, 'warm.cjs');
  return warm
    ? { plain: [...flags, warmUp, test.path], forked: [...flags, warmUp, '--fork', test.path] }
    : { plain: [...flags, test.path], forked: [...flags, '--require', join(here, 'preload.cjs'), test.path] };
}

/** What the environment must tell the tests: to those of Node.js 18, the globals that came after Node.js 20 look leaked. */
function environmentFor(version) {
  const major = Number(version.slice(1).split('.')[0]);
  return major > 20 ? { NODE_TEST_KNOWN_GLOBALS: '0' } : {};
}

/** Runs a test without a fork and, if it passes so, with one. */
async function tryOnce(test, slot, { node, warm, suite, place, env }) {
  const { plain, forked } = commands(test, warm);
  const where = { suite, place, slot, env, alone: test.alone, seconds: SECONDS };
  const without = await execute(node, plain, where);
  if (without.end !== 'passed') return { without };
  return { without, within: await execute(node, forked, where) };
}

/** Runs a test that has failed in the child twice more, with nothing beside it. */
async function repeat(test, options) {
  const times = [await tryOnce(test, 0, options), await tryOnce(test, 0, options)];
  const isFlaky =
    times.some(({ without }) => without.end !== 'passed') || times.every(({ within }) => within.end === 'passed');
  return isFlaky ? 'flaky' : 'failed';
}

function verdict(test, { without, within }, warm) {
  if (!within) return 'not counted';
  if (within.end !== 'passed') return explanation(test, warm) ? 'exception' : 'repeat';
  return without.skipped ? 'skipped' : 'passed';
}

/** Runs all tests, `jobs` at a time, those that must be alone afterwards. Returns their results, by name. */
async function runAll(tests, options) {
  const results = new Map();
  const started = Date.now();
  const again = [];
  const runOne = async (test, slot) => {
    const tried = await tryOnce(test, slot, options);
    const found = verdict(test, tried, options.warm);
    results.set(test.name, {
      verdict: found,
      without: tried.without.end,
      forked: tried.within?.end,
      output: found === 'repeat' ? tried.within.output : undefined,
      explanation: found === 'exception' ? explanation(test, options.warm) : undefined,
    });
    if (found === 'repeat') {
      again.push(test);
      console.log(`${test.name}: ${tried.within.end}; to be repeated`);
    }
    if (results.size % 100 === 0) {
      console.log(`${results.size} of ${tests.length}, ${Math.round((Date.now() - started) / 1000)} s`);
    }
  };
  const queue = tests.filter(({ alone }) => !alone);
  const work = async (slot) => {
    for (let test; (test = queue.shift());) await runOne(test, slot);
  };
  await Promise.all(Array.from({ length: options.jobs }, (_, slot) => work(slot)));
  for (const test of tests.filter(({ alone }) => alone)) await runOne(test, 0);
  for (const test of again) results.get(test.name).verdict = await repeat(test, options);
  return results;
}

function named(results, wanted) {
  return [...results].filter(([, { verdict }]) => verdict === wanted);
}

function report(results, options) {
  const failed = named(results, 'failed');
  for (const [name, { forked, output }] of failed) {
    console.log(`\nFAILED ${name}: ${forked}\n${output.trimEnd()}`);
    console.log(`to repeat it: npm run test:node-suite -- ${again(options)} --only '^${name}$'`);
  }
  for (const [name, { forked }] of named(results, 'flaky'))
    console.log(`flaky: ${name}: ${forked}, passes on repetition`);
  for (const [name, result] of named(results, 'exception')) console.log(`exception: ${name}: ${result.explanation}`);

  const count = (wanted) => named(results, wanted).length;
  const counted = results.size - count('not counted');
  console.log(
    [
      `\n${results.size} tests, of which ${counted} pass without a fork. Of these, in a forked child:`,
      `${count('passed') + count('skipped')} pass (${count('skipped')} find nothing to do here)`,
      `${count('flaky')} are flaky`,
      `${count('exception')} are known exceptions`,
      `${failed.length} fail`,
    ].join('\n  '),
  );
  return counted > 0 && failed.length === 0;
}

function again({ node, warm }) {
  return [warm ? '--warm' : '', node === process.execPath ? '' : `--node ${node}`].filter(Boolean).join(' ');
}

async function main() {
  const options = readOptions();
  if (options.help) return void process.stdout.write(usage);
  const suite = fetchSuite();
  const tests = choose(suite, options);
  const version = execFileSync(options.node, ['--version'], { encoding: 'utf8' }).trim();
  const parent = options.warm ? 'a warm parent' : 'a new parent';
  console.log(`Node's own tests on ${version}, in a child of ${parent}: ${tests.length}, ${options.jobs} at a time`);
  if (options.sample !== undefined) {
    console.log(`seed ${options.seed}; the same sample: --sample ${options.sample} --seed ${options.seed}`);
  }
  // Short: sockets are made in it.
  const place = mkdtempSync(join(realpathSync(tmpdir()), 'tf-suite-'));
  const stop = () => {
    killAll();
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      stop();
      process.exit(1);
    });
  }
  try {
    const results = await runAll(tests, { ...options, suite, place, env: environmentFor(version) });
    writeFileSync(
      options.results,
      `${JSON.stringify({ version, warm: options.warm, results: Object.fromEntries(results) }, null, 2)}\n`,
    );
    if (!report(results, options)) process.exitCode = 1;
  } finally {
    stop();
  }
}

await main();
