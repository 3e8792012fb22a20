// Which symbols of the system's libraries an addon needs, and of which version: it loads only where there are all of them.
import { execFileSync } from 'node:child_process';

// The least that is supported. Whoever has glibc 2.34 has libstdc++ of GCC 11 or later, with the versions below; and a
// Node.js loads libstdc++ itself. So ours is that of the system, not a second one in the addon.
const least = { GLIBC: '2.34', GLIBCXX: '3.4.29', CXXABI: '1.3.13', GCC: '11.0' };

function isNewer(version, other) {
  return version.localeCompare(other, 'en', { numeric: true }) > 0;
}

/**
 * @param {string} addon a file
 * @returns {string[]} what would keep it from loading on the least system that is supported, as `symbol@VERSION`
 */
export function tooNew(addon) {
  const symbols = execFileSync('readelf', ['--wide', '--dyn-syms', addon], { encoding: 'utf8' });
  return [...symbols.matchAll(/ UND (\S+@([A-Za-z]+)_(\S+))/g)]
    .filter(([, , library, version]) => isNewer(version, least[library] ?? '0'))
    .map(([, symbol]) => symbol);
}
