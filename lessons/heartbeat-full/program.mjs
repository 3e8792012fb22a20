// The supervisor in full: a daemon with a log. It starts its program again when that has crashed, and when it lives but its heart
// does not beat.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { abort, decodeWaitStatus, fork, isPosixError, Mapping, PR_SET_CHILD_SUBREAPER, prctl } from 'truefork';
import { RLIMIT_CORE, setrlimit, wait, waitpid } from 'truefork';
import { daemonize, supervise } from 'truefork/daemon';

const shared = new Int32Array(Mapping.anonymous(8).buffer);
const [BEATS, STARTS] = [0, 1];

/** The program: the first time it crashes, the second time it hangs, the third time it is well. */
function program() {
  shared[STARTS]++;
  if (shared[STARTS] === 1) abort();
  if (shared[STARTS] === 2) for (;;);
  setInterval(() => shared[BEATS]++, 10);
  return new Promise(() => undefined); // It works for ever.
}

/** Waits for the next beat. The supervisor waits no longer than `checkTimeout` for this. */
async function beats({ signal }) {
  const seen = shared[BEATS];
  while (shared[BEATS] === seen) await rest(10, undefined, { signal });
}

async function daemon(logFile) {
  setrlimit(RLIMIT_CORE, { cur: 0, max: 0 }); // abort() leaves no core dump.
  const starting = daemonize({ logFile });
  const supervisor = supervise(program, {
    checkInterval: 100, // milliseconds, as all of these
    check: async (checked) => {
      await beats(checked);
      console.log('its heart beats');
      void supervisor.stop();
    },
    checkTimeout: 500,
    firstDelay: 50,
    log: console.log,
  });
  starting.ready();
  await supervisor.ended;
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const logFile = join(folder, 'daemon.log');

// The daemon has no parent that waits for it: this process adopts it, to see its end.
prctl(PR_SET_CHILD_SUBREAPER, 1);
const starter = fork();
if (starter === 0) await daemon(logFile);

const { code } = decodeWaitStatus(waitpid(starter, 0).status);
console.log(`the starter, pid ${starter}, has exited with ${code}: the daemon is ready`);
try {
  for (;;) wait();
} catch (error) {
  if (!isPosixError(error, 'ECHILD')) throw error;
}
console.log('the daemon has ended; its log:');
process.stdout.write(readFileSync(logFile, 'utf8').replace(/^/gm, '  ').trimEnd() + '\n');
rmSync(folder, { recursive: true });
