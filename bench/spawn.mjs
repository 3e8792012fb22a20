// What a fork does to child_process.spawn of the parent, with keepDontfork and without; and what keepDontfork does to the
// fork.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, 'programs', 'spawn-after-fork.mjs');
const BAR = 1.5;

for (const megabytes of [0, 220]) {
  const rows = JSON.parse(execFileSync(process.execPath, [program, megabytes], { encoding: 'utf8' }));
  console.log(`spawn: medians in milliseconds, in a process of ${rows.rss} MB`);
  for (const [what, time] of Object.entries(rows.times))
    console.log(`  ${what.padEnd(52)}${time.toFixed(2).padStart(8)}`);
  const ratio = rows.times['spawnSync after fork({ keepDontfork: true })'] / rows.times['spawnSync before any fork'];
  console.log(
    `  after fork({ keepDontfork: true }) it takes ${ratio.toFixed(2)} times as long as before (bar: ${BAR})`,
  );
  if (ratio > BAR) process.exitCode = 1;
}
