// Runs once before all tests: brings the Node.js binaries of the matrix, ZooKeeper, Redis, the addons of other people, and
// builds our own.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddons } from '../../scripts/addon.mjs';

const test = join(import.meta.dirname, '..');

function installed(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  return Object.keys(packages[''].dependencies).every((name) => {
    const path = join('node_modules', name);
    const manifest = join(folder, path, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === packages[path].version;
  });
}

/** Installs what the lock file of the folder says: what its packages bring along, with nothing built here. */
function install(folder, what) {
  if (installed(folder)) return;
  console.log(`\nInstalling ${what} (once) …`);
  execFileSync('npm', ['ci', '--no-bin-links', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' });
}

// What tests run of Debian's: its package of ZooKeeper, which brings Java and starts no server; ip(8), without which the test
// of partitions is left out; and Redis, without which that of its lesson is. (Where services are started by systemd, the
// package starts one of its own, which the test has nothing to do with.)
const packages = {
  zookeeper: ['/usr/share/java/zookeeper.jar', '/usr/share/java/slf4j-simple.jar', '/usr/bin/java'],
  iproute2: ['/usr/sbin/ip'],
  'redis-server': ['/usr/bin/redis-server'],
};

function installPackages() {
  const missing = Object.keys(packages).filter((name) => !packages[name].every((path) => existsSync(path)));
  if (missing.length === 0) return;
  const steps = [
    ['apt-get', 'update'],
    ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing],
  ];
  if (process.getuid() !== 0) {
    if (!missing.includes('zookeeper')) return;
    const commands = steps.map((step) => step.join(' ')).join(' && ');
    throw new Error(`The tests run a ZooKeeper, which is not installed. As root: ${commands}`);
  }
  console.log(`\nInstalling ${missing.join(' and ')} (once) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const [command, ...args] of steps) execFileSync(command, args, { stdio: 'inherit', env });
}

export default function setUp() {
  if (process.platform !== 'linux') return;
  if (process.arch === 'x64') install(join(test, 'matrix'), 'the Node.js binaries that the tests run on');
  installPackages();
  install(join(test, 'neighbours'), 'the addons that the tests fork beside');
  buildAddons(join(test, 'addon'), ['threads'], [join(test, 'addon', 'threads.cc')]);
}
