// How far does one count in half a second, if each number goes to a terminal, to a file, or nowhere? A timer ends the counting.
// real is the time that passed, user what the program itself used of a processor, sys what the kernel used for it.
import { close, decodeWaitStatus, fork, isPosixError, ITIMER_REAL, Mapping, memfd_create, openpty } from 'truefork';
import { read, setitimer, wait4, write } from 'truefork';

const shared = new Float64Array(Mapping.anonymous(8).buffer); // The child counts here, where its parent sees it.

/** Reads what comes to the terminal, as its window does, until the last program has closed it. */
function show(master) {
  const screen = Buffer.alloc(65536);
  try {
    while (read(master, screen) > 0);
  } catch (error) {
    if (!isPosixError(error, 'EIO')) throw error;
  }
}

function count(where, fd, meanwhile = () => undefined) {
  const begin = performance.now();
  shared[0] = 0;
  const pid = fork();
  if (pid === 0) {
    setitimer(ITIMER_REAL, 0.5, 0);
    for (let n = 1; ; n++) {
      if (fd >= 0) write(fd, Buffer.from(`${n}\n`));
      shared[0] = n;
    }
  }
  if (fd >= 0) close(fd);
  meanwhile();
  const { status, rusage } = wait4(pid, 0);
  const times = { real: (performance.now() - begin) / 1000, user: rusage.utime, sys: rusage.stime };
  const shown = Object.entries(times).map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`);
  console.log(`${where.padEnd(13)} ${shown.join('  ')}  ended by ${decodeWaitStatus(status).signal}`);
  return { ...times, numbers: shared[0] };
}

const { master, slave } = openpty();
const terminal = count('to a terminal', slave, () => show(master));
const file = count('to a file', memfd_create('numbers', 0));
const nowhere = count('nowhere', -1);

const holds = (what, is) => console.log(`${what}: ${is ? 'yes' : 'no'}`);
holds('without output it has counted more than ten times as far as with a file', nowhere.numbers > 10 * file.numbers);
holds('and more than ten times as far as with a terminal', nowhere.numbers > 10 * terminal.numbers);
holds('the kernel has worked for the output, and not for the counting', nowhere.sys < Math.min(file.sys, terminal.sys));
