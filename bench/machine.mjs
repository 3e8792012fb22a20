// What a measurement was made on: the machine, the programs with their versions, and what else the processors did meanwhile.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { getrusage, RUSAGE_CHILDREN, RUSAGE_SELF } from 'truefork';

const peers = join(import.meta.dirname, 'peers', 'node_modules');
const require = createRequire(import.meta.url);

function contents(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

/** As it is now: `processors`, `model`, `memory`, `kernel`, `distribution`, `glibc`. */
export function machine() {
  const list = cpus();
  return {
    processors: list.length,
    model: list[0].model,
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    kernel: `Linux ${release()}`,
    distribution: /^PRETTY_NAME="?(.*?)"?$/m.exec(contents('/etc/os-release'))?.[1] ?? 'unknown',
    glibc: process.report.getReport().header.glibcVersionRuntime ?? 'none',
  };
}

/** The first match in what a program says of itself; undefined if it is not there. */
function says(command, args, pattern) {
  try {
    // Java says it on stderr.
    const text = execFileSync('/bin/sh', ['-c', 'exec "$0" "$@" 2>&1', command, ...args], { encoding: 'utf8' });
    return pattern.exec(text)?.[1];
  } catch (error) {
    // wrk has no status of its own for it; 127 is the shell's, for a program that is not there.
    if (error.status === 127) return undefined;
    return pattern.exec(error.stdout)?.[1];
  }
}

const packageIn = (folder) => {
  const text = contents(join(folder, 'package.json'));
  return text === '' ? undefined : JSON.parse(text).version;
};

/** The Python that a program is written for, by its first line. */
function pythonOf(program) {
  const path = says('which', [program], /(.+)/);
  const interpreter = path && /^#!\s*(\S+)/.exec(contents(path))?.[1];
  return interpreter && says(interpreter, ['--version'], /Python (\S+)/);
}

function gunicorn() {
  const version = says('gunicorn', ['--version'], /version ([\d.]+)/);
  return version && `${version} on Python ${pythonOf('gunicorn') ?? 'unknown'}`;
}

/** What it is run against, and how each tells its version. */
const VERSIONS = {
  'Node.js': () => process.version.slice(1),
  V8: () => process.versions.v8,
  truefork: () => packageIn(join(import.meta.dirname, '..')),
  Express: () => packageIn(join(require.resolve('express'), '..')),
  'a C compiler': () => says('cc', ['--version'], /(.+)/),
  Python: () => says('python3', ['--version'], /Python (\S+)/),
  gunicorn,
  pm2: () => packageIn(join(peers, 'pm2')),
  '@grpc/grpc-js': () => packageIn(join(peers, '@grpc', 'grpc-js')),
  jayson: () => packageIn(join(peers, 'jayson')),
  koffi: () => packageIn(join(peers, 'koffi')),
  wrk: () => says('wrk', ['-v'], /wrk (?:debian\/)?(\S+)/),
  ZooKeeper: () => says('dpkg-query', ['--showformat', '${Version}', '--show', 'zookeeper'], /^(\d\S*)/),
  Java: () => says('java', ['-version'], /version "(.+?)"/),
};

/** Of each its version, or that it is absent. */
export function versionsOf(names) {
  const all = ['truefork', 'Node.js', 'V8', ...names];
  return Object.fromEntries(all.map((name) => [name, VERSIONS[name]() ?? 'absent']));
}

/** Seconds that this process and those that it has waited for have computed. */
function computed() {
  const time = (who) => {
    const { utime, stime } = getrusage(who);
    return utime + stime;
  };
  return time(RUSAGE_SELF) + time(RUSAGE_CHILDREN);
}

/** Seconds that all processors have been there, have worked, and were given to other machines of the same host. */
function ofAll() {
  // sysconf(_SC_CLK_TCK) is 100 wherever Linux runs. proc(5) has the fields; the time of guests is in that of users.
  const [user, nice, system, idle, iowait, irq, softirq, steal] = /^cpu +(.*)/
    .exec(contents('/proc/stat'))[1]
    .split(' ')
    .map((ticks) => Number(ticks) / 100);
  const busy = user + nice + system + irq + softirq;
  return { total: busy + idle + iowait + steal, busy, stolen: steal };
}

/**
 * Looks at the machine from now on. Answers a function that tells the load averages `before` and `after`, and which part of the
 * processors' time `others` have used, and other machines of the same host have `stolen`. What is ours is known of the
 * children that this process has waited for, and of theirs.
 */
export function watchMachine() {
  const before = { load: loadavg(), own: computed(), all: ofAll() };
  return () => {
    const all = ofAll();
    const total = Math.max(all.total - before.all.total, 0.01);
    const others = all.busy - before.all.busy - (computed() - before.own);
    return {
      before: before.load,
      after: loadavg(),
      others: Math.max(others, 0) / total,
      stolen: (all.stolen - before.all.stolen) / total,
    };
  };
}
