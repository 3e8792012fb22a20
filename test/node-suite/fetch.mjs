// Brings Node's own test suite: from the sources of Debian's package `nodejs`, into the user's cache directory.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Debian 12 has Node.js 18, whose tests run on all that came after it.
const release = 'bookworm';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const source = `deb-src [signed-by=${keyring}] http://deb.debian.org/debian ${release} main\n`;

// The tests, and what some of them read.
const wanted = [
  'test',
  'benchmark',
  'deps/v8/src/objects/intl-objects.h',
  'doc/api',
  'lib',
  'src/node_version.h',
  'tools',
];

function cacheDirectory() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'truefork', 'node-suite');
}

function run(command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    throw new Error(`Node's test suite could not be brought: this failed, in ${cwd}: ${command} ${args.join(' ')}`);
  }
}

/**
 * Downloads the source archive, and nothing else of the source package. apt checks it against the signed index. Its
 * configuration, lists and cache are those of `directory`: those of the machine stay as they are, and it need not be root.
 */
function download(directory) {
  for (const path of ['state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(directory, path), { recursive: true });
  }
  const list = join(directory, 'sources.list');
  writeFileSync(list, source);
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '-',
    'Dir::State': join(directory, 'state'),
    'Dir::Cache': join(directory, 'cache'),
    // Another user could not write here.
    'APT::Sandbox::User': '',
    'APT::Update::Error-Mode': 'any',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  run('apt-get', [...options, '-qq', 'update'], directory);
  run('apt-get', [...options, '-qq', 'source', '--download-only', '--tar-only', 'nodejs'], directory);
}

function unpack(directory) {
  // The package has archives of its parts, too: orig-NAME.tar.xz.
  const archive = readdirSync(directory).find((name) => name.endsWith('.orig.tar.xz'));
  const tree = join(directory, 'tree');
  mkdirSync(tree);
  const members = wanted.map((path) => `*/${path}`);
  const options = ['--extract', '--file', archive, '--directory', tree, '--strip-components=1', '--no-same-owner'];
  run('tar', [...options, '--wildcards', '--no-wildcards-match-slash', ...members], directory);
  return tree;
}

function requireTools() {
  const missing = [
    ['/usr/bin/apt-get', 'apt'],
    ['/usr/bin/xz', 'xz-utils'],
    [keyring, 'debian-archive-keyring'],
  ].filter(([path]) => !existsSync(path));
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name).join(' ');
  throw new Error(
    `Node's test suite comes from Debian's archive, and these packages are missing for it: apt-get install -y ${packages}`,
  );
}

/** Where the suite is: a directory with `test/parallel` and the others in it. Downloads it the first time. */
export function fetchSuite() {
  const cache = cacheDirectory();
  const suite = join(cache, release);
  if (existsSync(suite)) return suite;
  requireTools();
  mkdirSync(cache, { recursive: true });
  console.log(`Downloading Node's test suite into ${suite} (once, 40 MB) …`);
  const directory = mkdtempSync(join(cache, 'download-'));
  try {
    download(directory);
    renameSync(unpack(directory), suite);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return suite;
}
