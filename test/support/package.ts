// The package as it is published, and as its users install it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

/** A folder of its own among the temporary files, removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'truefork-package-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Packs the package into the folder. Answers the tarball's path. */
export function pack(folder: string): string {
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack has made nothing');
  return join(folder, tarball);
}

/** The package in `node_modules` of the folder, with the checkout's copies of what it depends on. Answers where it is. */
export function unpack(tarball: string, folder: string): string {
  const modules = join(folder, 'node_modules');
  const installed = join(modules, 'truefork');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  const addon = ['bindings', 'file-uri-to-path'];
  const metrics = ['prom-client', '@opentelemetry', 'tdigest', 'bintrees'];
  const zookeeper = ['node-zookeeper-client', 'async', 'underscore'];
  for (const dependency of [...addon, ...metrics, ...zookeeper]) {
    symlinkSync(join(root, 'node_modules', dependency), join(modules, dependency));
  }
  return installed;
}
