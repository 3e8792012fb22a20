// How each server is started. All of Node.js runs a copy of the binary that nobody else runs: pages of a program that others run
// too would count as theirs in part.
import { execFileSync, execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Family } from './family.mjs';

const root = join(import.meta.dirname, '..', '..');
const programs = join(root, 'bench', 'programs');
const peers = join(root, 'bench', 'peers');
const pm2 = join(peers, 'node_modules', 'pm2', 'bin', 'pm2');

const binaries = mkdtempSync(join(tmpdir(), 'truefork-bench-'));
const node = join(binaries, 'node');
copyFileSync(process.execPath, node);
process.once('exit', () => rmSync(binaries, { recursive: true }));

export function truefork(application, workers, ...flags) {
  const cli = join(root, 'dist', 'cli', 'main.js');
  const settings = ['--host', '127.0.0.1', '--workers', String(workers), ...flags];
  return Family.start(workers, ({ port }) => ({
    command: node,
    args: [cli, 'serve', join(programs, 'served.mjs'), '--port', String(port), '--log-format', 'text', ...settings],
    env: { APPLICATION: application },
  }));
}

/** @param policy `rr`, in which the primary accepts, or `none`, in which the workers do */
export function cluster(application, workers, policy = 'rr') {
  return Family.start(workers, () => ({
    command: node,
    args: [join(programs, 'serve-cluster.mjs')],
    env: { APPLICATION: application, NODE_CLUSTER_SCHED_POLICY: policy },
  }));
}

/** Those that all rows of a kind are about, by their names. */
export const servers = {
  truefork,
  'truefork --reuse-port': (application, workers) => truefork(application, workers, '--reuse-port'),
  'cluster, round robin': cluster,
  'cluster, SCHED_NONE': (application, workers) => cluster(application, workers, 'none'),
};

export function pm2Cluster(application, workers) {
  const script = join(programs, 'serve-cluster.mjs');
  const plan = ({ folder }) => ({
    command: node,
    args: [pm2, 'start', script, '--name', 'served', '--instances', String(workers)],
    env: {
      APPLICATION: application,
      // The daemon runs what PATH says.
      PATH: [binaries, process.env.PATH].join(delimiter),
      PM2_HOME: folder,
      PM2_DISABLE_VERSION_CHECK: 'true',
    },
  });
  return Family.start(workers, plan, {
    pid: ({ folder }) => Number(readFileSync(join(folder, 'pm2.pid'), 'utf8')),
    end: (family) => pm2Command(family, 'kill'),
  });
}

/** Resolves when pm2 has done it. */
export async function pm2Command({ env }, ...args) {
  await promisify(execFile)(node, [pm2, ...args], { env });
}

/** @param preload whether the application is loaded once, before the forks */
export function gunicorn(workers, preload) {
  return Family.start(workers, () => ({
    command: 'gunicorn',
    args: ['--chdir', programs, '--config', join(programs, 'gunicorn.conf.py'), 'large:application'],
    env: { PRELOAD: preload ? '1' : '0' },
  }));
}

/** Has the program of a Debian package: as root it is installed. Answers the command that does it, if it is not there. */
export function aptMissing(program) {
  const there = () => process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));
  if (there()) return undefined;
  if (process.getuid() === 0) {
    try {
      execFileSync('apt-get', ['install', '-y', '-q', program], { stdio: 'ignore' });
    } catch {
      // What is to be done is told below.
    }
  }
  return there() ? undefined : `apt-get install -y ${program}`;
}

/** The same of pm2, which is in a package of its own. */
export function pm2Missing() {
  if (existsSync(pm2)) return undefined;
  try {
    execFileSync('npm', ['ci', '--no-bin-links', '--ignore-scripts'], { cwd: peers, stdio: 'ignore' });
  } catch {
    return `npm ci --prefix bench/peers --no-bin-links --ignore-scripts`;
  }
  return undefined;
}
