// Runs once before all tests: brings the Node.js binaries of the matrix, from the versions in test/matrix.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const matrix = join(import.meta.dirname, '..', 'matrix');

function installed() {
  const { packages } = JSON.parse(readFileSync(join(matrix, 'package-lock.json'), 'utf8'));
  return Object.entries(packages).every(([path, { version }]) => {
    if (!path) return true;
    const manifest = join(matrix, path, 'package.json');
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === version;
  });
}

export default function setUp() {
  if (process.platform !== 'linux' || process.arch !== 'x64' || installed()) return;
  console.log('\nInstalling the Node.js binaries that the tests run on (once) …');
  execFileSync('npm', ['ci', '--no-bin-links'], { cwd: matrix, stdio: 'inherit' });
}
