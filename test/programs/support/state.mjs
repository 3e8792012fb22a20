// What of a process a fork must leave as it was.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const HANG = 20_000;

/** Number, target and flags of each open descriptor. */
export function descriptors() {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      const [flags] = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^flags:.*$/m);
      return `${fd} ${readlinkSync(`/proc/self/fd/${fd}`)} ${flags}`;
    } catch {
      return ''; // The directory's own.
    }
  });
}

/** Id, name and signals of each thread. `fields`: those of /proc/PID/task/TID/status. */
export function threads(fields = /^(Name|Sig(Blk|Ign|Cgt)):.*$/gm) {
  return readdirSync('/proc/self/task').map((tid) =>
    [tid, ...readFileSync(`/proc/self/task/${tid}/status`, 'utf8').match(fields)].join(' '),
  );
}

/** The threads that block all signals, or have one of their own to take. */
const restless = () =>
  threads(/^Sig(Pnd|Blk):.*$/gm).filter((thread) => /SigBlk:\s*f/.test(thread) || /SigPnd:\s*0*[^0\s]/.test(thread))
    .length;
const quiet = restless();

/** Whether a file is being closed, in a thread: Node 20 does so with each module that it has read. */
const closing = () => process.getActiveResourcesInfo().includes('CloseReq');

/**
 * Until the threads that were parked have left the handler, where all signals are blocked: when they get a processor. One that came
 * late was called a second time, and takes that signal when it has left. And until no file is being closed any more.
 */
export async function settled() {
  for (const end = Date.now() + HANG; Date.now() < end && (restless() !== quiet || closing());) await sleep(1);
}
