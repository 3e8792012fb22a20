// A master that has other children: those of child_process, all the while. With `steal` as the second argument it takes
// the exits of its workers away, too. Every exit that child_process tells is checked.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { waitpid } from 'truefork';
import { prefork } from 'truefork/prefork';

const [options, how] = process.argv.slice(2);
const master = await prefork(
  createServer((request, response) => response.end(String(process.pid))),
  {
    host: '127.0.0.1',
    ...JSON.parse(options),
    log: console.log,
  },
);

const { pid } = process;
let told = 0;
async function neighbour() {
  for (let n = 0; ; n++) {
    const code = n % 100;
    const child = spawn('/bin/sh', ['-c', `exit ${code}`], { stdio: 'ignore' });
    assert.deepEqual(await once(child, 'exit'), [code, null]);
    // The workers' copies of this loop are none of theirs.
    if (process.pid !== pid) return;
    console.log(`neighbours=${++told}`);
  }
}

if (how === 'steal') {
  const [worker] = master.workers;
  process.kill(worker.pid, 'SIGKILL');
  waitpid(worker.pid, 0);
} else {
  void neighbour();
  void neighbour();
}
console.log('up');
