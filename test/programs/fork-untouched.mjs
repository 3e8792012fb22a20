// What COUNT forks leave of the parent: all as it was.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { _exit, fork, waitpid } from 'truefork';

function descriptors() {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return `${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`;
    } catch {
      return ''; // The directory's own.
    }
  });
}

const threads = () =>
  readdirSync('/proc/self/task').map((tid) => {
    const status = readFileSync(`/proc/self/task/${tid}/status`, 'utf8');
    return [tid, ...status.match(/^(Name|Sig(Blk|Ign|Cgt)):.*$/gm)].join(' ');
  });

function forkAndWait() {
  const pid = fork();
  if (pid === 0) _exit(0);
  waitpid(pid, 0);
}

// The threads that were parked leave the handler, where all signals are blocked, when they get a processor.
const blocking = () => threads().filter((thread) => /SigBlk:\s*f/.test(thread)).length;
const quiet = blocking();
async function settled() {
  for (const end = Date.now() + 20_000; Date.now() < end && blocking() !== quiet;) await nextTurn();
  return { descriptors: descriptors(), threads: threads() };
}

// The first fork installs the signal that parks threads.
forkAndWait();
const before = await settled();
for (let n = 0; n < Number(process.argv[2]); n++) forkAndWait();
assert.deepEqual(await settled(), before);

// The token that libuv's signal handlers pass around, in the pipe with the lowest numbers, must not cross over to the
// child: killed with the token in hand, it would silence the signals of the whole family.
const number = (entry) => Number.parseInt(entry, 10);
const [reader, writer] = before.descriptors
  .filter((entry) => number(entry) > 2 && /^\d+ pipe:/.test(entry))
  .sort((a, b) => number(a) - number(b));
assert.equal(reader.split(' ')[1], writer.split(' ')[1]);
const pid = fork();
if (pid === 0) {
  const mine = descriptors();
  _exit(mine.includes(reader) || mine.includes(writer) ? 1 : 0);
}
assert.equal(waitpid(pid, 0).status, 0, 'the child has a signal lock of its own');
console.log('passed');
