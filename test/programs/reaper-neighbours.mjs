// Children of a reaper and of child_process, side by side. Prints how many exits each was told, all of them checked.
import assert from 'node:assert/strict';
import { exec, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { _exit, fork, Reaper } from 'truefork';

const ROUNDS = 25;
const reaper = new Reaper({ by: process.argv[2] });
let forked = 0;
let spawned = 0;

async function forks(offset) {
  for (let n = 0; n < ROUNDS; n++) {
    const code = (n * 3 + offset) % 256;
    const pid = fork();
    if (pid === 0) _exit(code);
    assert.deepEqual(await reaper.watch(pid), { state: 'exited', code });
    forked++;
  }
}

async function spawns(offset) {
  for (let n = 0; n < ROUNDS; n++) {
    const code = (n * 5 + offset) % 256;
    const child = spawn('/bin/sh', ['-c', `exit ${code}`], { stdio: 'ignore' });
    assert.deepEqual(await once(child, 'exit'), [code, null]);
    const { stdout } = await promisify(exec)(`echo ${n}`);
    assert.equal(stdout, `${n}\n`);
    const killed = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
    killed.kill('SIGTERM');
    assert.deepEqual(await once(killed, 'exit'), [null, 'SIGTERM']);
    spawned += 3;
  }
}

await Promise.all([forks(0), spawns(1), forks(2), spawns(3)]);
console.log(JSON.stringify({ forked, spawned }));
