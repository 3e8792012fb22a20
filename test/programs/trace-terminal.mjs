// Ctrl-C at `truefork trace`: node trace-terminal.mjs COMMAND. It comes to the program once, from the terminal.
import assert from 'node:assert/strict';
import { ptySpawn } from 'truefork';

const program = `let count = 0;
process.on('SIGINT', () => { count++; setTimeout(() => process.exit(10 + count), 100); });
console.log('ready');
setTimeout(() => {}, 60_000);`;

const terminal = ptySpawn(process.execPath, [process.argv[2], 'trace', '--', process.execPath, '-e', program]);
let printed = '';
let typed = false;
terminal.output.on('data', (chunk) => {
  printed += chunk;
  if (typed || !printed.includes('ready')) return;
  typed = true;
  terminal.input.write('\x03');
});
assert.deepEqual(await terminal.exited, { state: 'exited', code: 11 });
assert.match(printed, /handles SIGINT/);
console.log('held');
