// How much of its memory a child has to itself, from the fork on and after each collection of garbage: with prepareFork()
// before the fork, and without.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, 'programs', 'memory-curve.mjs');

function curve(megabytes, how) {
  const output = execFileSync(process.execPath, ['--max-old-space-size=4096', program, megabytes, how], {
    encoding: 'utf8',
  });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

for (const megabytes of [50, 250]) {
  const [plain, prepared] = ['plain', 'prepared'].map((how) => curve(megabytes, how));
  console.log(`memory: a child of a parent with a heap of ${megabytes} MB; megabytes of its own, of those that it has`);
  console.log(`  ${''.padEnd(26)}${'plain'.padStart(16)}${'prepareFork()'.padStart(16)}`);
  for (const [index, { step }] of plain.entries()) {
    const cells = [plain, prepared].map((list) => {
      const { own, rss } = list[index];
      return `${own.toFixed(0)} of ${rss.toFixed(0)}`.padStart(16);
    });
    console.log(`  ${step.padEnd(26)}${cells.join('')}`);
  }
}
