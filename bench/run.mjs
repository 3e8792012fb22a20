// `npm run bench`: all benchmarks, one after the other, and the page of what they have found, docs/benchmarks.html, with the same
// as Markdown and as JSON beside it.
//
// `npm run bench -- [NAME…] [--out FOLDER] [--json FILE] [--pictures FOLDER] [--quick] [options of the benchmarks]`: these alone.
// With `--out` they are renewed on the page of that folder, and the others stay as they are there; `--quick` makes few
// measurements, to try that they can be made, and has no page unless `--out` says where. The exit code is 1 if a bar is not
// held or a benchmark has failed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { kill, PR_SET_CHILD_SUBREAPER, prctl, waitpid } from 'truefork';
import { StrangerReaper } from 'truefork/reaper';
import { machine, versionsOf, watchMachine } from './machine.mjs';
import { markdownOf } from './markdown.mjs';
import { pageOf } from './page.mjs';
import { isDrawn, picture } from './picture.mjs';

const here = import.meta.dirname;
const docs = join(here, '..', 'docs');
// The order of the page.
const ORDER = ['start', 'serve', 'fork', 'memory', 'spawn', 'syscalls', 'ipc', 'rpc', 'discovery', 'trace'];
const LAST_LINES = 40;

function mistaken(text) {
  console.error(text);
  process.exit(2);
}

/** The names, what is asked of this program, and what is the benchmarks'. */
function commandLine(words) {
  const own = { out: undefined, json: undefined, pictures: undefined };
  const names = [];
  const options = [];
  let quick = false;
  for (let at = 0; at < words.length; at++) {
    const [, option, value] = /^--([a-z]+)(?:=(.*))?$/.exec(words[at]) ?? [];
    if (option === undefined) names.push(words[at]);
    else if (option === 'quick') quick = true;
    else {
      const given = value ?? words[++at];
      if (given === undefined) mistaken(`--${option} has no value`);
      if (Object.hasOwn(own, option)) own[option] = given;
      else options.push(`--${option}`, given);
    }
  }
  return { ...own, names, options, quick };
}

const { names, options, quick, json, pictures, out: told } = commandLine(process.argv.slice(2));
const unknown = names.filter((name) => !ORDER.includes(name));
if (unknown.length > 0) mistaken(`there is no benchmark ${unknown.join(', ')}; there are: ${ORDER.join(', ')}`);
const wanted = names.length > 0 ? ORDER.filter((name) => names.includes(name)) : ORDER;
const out = told ?? (names.length === 0 && options.length === 0 && !quick ? docs : undefined);
if (out !== undefined && options.includes('--rows'))
  mistaken('--rows measures a part of a benchmark, and the page has it whole: leave out --rows or --out');

// Those whose parents have ended are children of this process then, and their processor time is known.
prctl(PR_SET_CHILD_SUBREAPER, 1);
const strangers = new StrangerReaper();
const folder = mkdtempSync(join(tmpdir(), 'truefork-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true }));

let running;
let stopped;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopped = signal;
    running?.kill('SIGTERM');
  });
}

/** The children of this process, which are, when no benchmark runs, those that one has left. */
function children() {
  return readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

/** Ends and waits for all that a benchmark has left: the next is to have the machine for itself. */
function endRest() {
  for (let left = children(); left.length > 0; left = children()) {
    for (const pid of left) {
      kill(pid, 'SIGKILL');
      waitpid(pid, 0);
    }
  }
}

/** Until it has ended, and all that it has left: how, and what was written to stderr last. */
async function ended(child) {
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    process.stderr.write(text);
    tail = (tail + text).split('\n').slice(-LAST_LINES).join('\n');
  });
  const closed = once(child, 'close');
  const [code, signal] = await once(child, 'exit');
  // They may have its stderr.
  endRest();
  await closed;
  return { code, signal, tail: tail.trim() };
}

/** What a benchmark has written; one that has failed at once has written nothing. */
function writtenIn(file, name) {
  if (!existsSync(file)) return { name, title: name, about: '', versions: [], groups: [], complete: false };
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Runs a benchmark. Answers what it has found, with all that has to be known of it. */
async function run(name) {
  const file = join(folder, `${name}.json`);
  const began = new Date();
  const tellMachine = watchMachine();
  const words = [...options, ...(quick ? ['--quick'] : [])];
  running = spawn(process.execPath, [join(here, `${name}.mjs`), ...words, '--json', file], {
    stdio: ['inherit', 'inherit', 'pipe'],
  });
  const { code, signal, tail } = await ended(running);
  running = undefined;
  const load = tellMachine();
  const { complete, versions, ...result } = writtenIn(file, name);
  return {
    ...result,
    command: ['npm run bench --', name, ...words].join(' '),
    quick,
    date: began.toISOString(),
    seconds: Math.round((Date.now() - began.getTime()) / 1000),
    machine: machine(),
    versions: versionsOf(versions),
    load,
    ...(!complete && { failure: { ended: signal ?? `exit code ${code}`, tail } }),
  };
}

const isHeld = ({ failure, groups }) =>
  failure === undefined && groups.every(({ bars }) => bars.every(({ held }) => held));

/** Writes what has been found until now, with what was there before of the others. */
function publish(target, benches) {
  const path = join(target, 'benchmarks.json');
  const former = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).benches : [];
  const all = ORDER.flatMap((name) => [...benches, ...former].find((bench) => bench.name === name) ?? []);
  writeFileSync(path, `${JSON.stringify({ benches: all }, undefined, 2)}\n`);
  writeFileSync(join(target, 'benchmarks.html'), pageOf({ benches: all }));
  writeFileSync(join(target, 'benchmarks.md'), markdownOf({ benches: all }));
}

const benches = [];
for (const name of wanted) {
  const bench = await run(name);
  if (stopped !== undefined) break;
  if (bench.failure) console.error(`${name}: failed: ${bench.failure.ended}`);
  benches.push(bench);
  if (out !== undefined) publish(out, [...benches]);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ benches }, undefined, 2)}\n`);
  if (pictures !== undefined) {
    for (const group of bench.groups.filter((one) => one.isPictured && isDrawn(one)))
      writeFileSync(join(pictures, `${name}-${group.name}.svg`), picture(group));
  }
}
strangers.close();
if (stopped !== undefined) process.exitCode = 128 + constants.signals[stopped];
else {
  if (out !== undefined) console.log(`${join(out, 'benchmarks.html')} has been written`);
  if (!benches.every(isHeld)) process.exitCode = 1;
}
