// `npm run soak -- --minutes 10 [--seed 1] [--from 0] [--node PATH]`: forks at random until the time is up. The same seed
// draws the same rounds; `--from` begins at one of them. When a round fails, or nothing happens any more, it says which
// one, and what each process of the family does.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    from: { type: 'string', default: '0' },
    node: { type: 'string', default: process.execPath },
  },
});
const [minutes, seed, from] = [values.minutes, values.seed, values.from].map(Number);
if (![minutes, seed, from].every((number) => number >= 0)) {
  console.error('soak: --minutes, --seed and --from are numbers');
  process.exit(2);
}

// Longer than any round takes.
const HANG = 60_000;
const TELL_EVERY = 30_000;

const family = spawn(
  values.node,
  ['--expose-gc', join(import.meta.dirname, 'family.mjs'), ...[seed, from, Date.now() + minutes * 60_000].map(String)],
  // A process group of its own, with all that it forks.
  { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
);
console.log(`soak: seed ${seed}, ${minutes} minutes, ${values.node}, process group ${family.pid}`);

const contents = (path) => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '?';
  }
};

/** The processes of the family, zombies included. */
function members() {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    const stat = contents(`/proc/${pid}/stat`);
    const [, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(group) === family.pid;
  });
}

function tellOf(pid) {
  const status = contents(`/proc/${pid}/status`);
  console.error(`pid ${pid}: ${status.match(/^(State|PPid|SigPnd|ShdPnd|SigBlk):.*$/gm)?.join(' ')}`);
  let tids = [];
  try {
    tids = readdirSync(`/proc/${pid}/task`);
  } catch {
    // It has ended meanwhile.
  }
  for (const tid of tids) {
    const [name, call, where] = ['comm', 'syscall', 'wchan'].map((file) =>
      contents(`/proc/${pid}/task/${tid}/${file}`),
    );
    console.error(`  ${tid} ${name}: ${call} ${where}`);
  }
}

function end() {
  try {
    process.kill(-family.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

let failed = false;
function fail(why) {
  failed = true;
  console.error(`soak: ${why}; seed ${seed}, after: ${last}`);
  members().forEach(tellOf);
  console.error(`what the family wrote to stderr last:\n${errors}`);
  end();
}

let last = 'nothing';
let errors = '';
let told = Date.now();
let watchdog;

function alive() {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => fail(`nothing has happened for ${HANG / 1000} seconds`), HANG);
}

alive();
createInterface({ input: family.stdout }).on('line', (line) => {
  alive();
  if (!line.startsWith('round ')) {
    console.error(line);
    return;
  }
  last = line;
  if (Date.now() - told < TELL_EVERY) return;
  told = Date.now();
  console.log(`soak: ${line}`);
});
// Children that throw on purpose write here.
family.stderr.setEncoding('utf8').on('data', (text) => (errors = (errors + text).slice(-4_000)));

family.on('exit', (code, signal) => {
  clearTimeout(watchdog);
  if (failed) return;
  if (code !== 0) fail(`the family ended with ${signal ?? code}`);
  else if (members().length > 0) fail('processes of the family are left');
  else console.log(`soak: passed, seed ${seed}, ${last}`);
  process.exitCode = failed ? 1 : 0;
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    end();
    process.exit(1);
  });
}
