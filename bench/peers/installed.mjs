// The peers are a package of their own, installed when somebody needs them.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;

/** Has these peers installed. Answers the command that does it, if they cannot be had. */
export function peersMissing(...names) {
  const there = () => names.every((name) => existsSync(join(here, 'node_modules', name)));
  if (there()) return undefined;
  try {
    execFileSync('npm', ['ci', '--no-bin-links', '--ignore-scripts'], { cwd: here, stdio: 'ignore' });
  } catch {
    // What is to be done is told below.
  }
  return there() ? undefined : 'npm ci --prefix bench/peers --no-bin-links --ignore-scripts';
}
