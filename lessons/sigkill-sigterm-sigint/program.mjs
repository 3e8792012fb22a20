// SIGTERM and SIGINT ask a process to end: it may clean up first, or not listen at all. SIGKILL does not ask.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeWaitStatus, fork, kill, pause, pipe2, read, SIG_IGN, signal, waitpid, write } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const [told, tell] = pipe2(0);

/** A child with a file that it deletes when it ends in good order. */
function worker(file, prepare) {
  const pid = fork();
  if (pid !== 0) {
    read(told, Buffer.alloc(1)); // Until it is ready.
    return pid;
  }
  writeFileSync(file, '');
  prepare(() => {
    rmSync(file);
    process.exit(0);
  });
  write(tell, Buffer.from('.'));
  for (;;) pause();
}

function endWith(name, prepare) {
  const file = join(folder, name);
  const pid = worker(file, prepare);
  kill(pid, name);
  const end = decodeWaitStatus(waitpid(pid, 0).status);
  const how = end.state === 'exited' ? `exited with ${end.code}` : `was ended by ${end.signal}`;
  console.log(`${name.padEnd(7)}: pid ${pid} ${how}, its file is ${existsSync(file) ? 'left behind' : 'gone'}`);
}

console.log('handlers that clean up and exit:');
endWith('SIGTERM', (cleanUp) => signal('SIGTERM', cleanUp));
endWith('SIGINT', (cleanUp) => signal('SIGINT', cleanUp));

console.log('no handler:');
endWith('SIGTERM', () => undefined);

console.log('one for SIGKILL:');
endWith('SIGKILL', (cleanUp) => {
  try {
    signal('SIGKILL', cleanUp);
  } catch (error) {
    console.log(`         signal('SIGKILL', …): ${error.code}`);
  }
});

console.log('one who ignores SIGTERM:');
const deaf = worker(join(folder, 'deaf'), () => signal('SIGTERM', SIG_IGN));
kill(deaf, 'SIGTERM');
kill(deaf, 'SIGKILL');
console.log(`SIGTERM, then SIGKILL: pid ${deaf} was ended by ${decodeWaitStatus(waitpid(deaf, 0).status).signal}`);

rmSync(folder, { recursive: true });
