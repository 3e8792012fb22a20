// Registers and ends, COUNT times, in every way that there is. URL SERVICE COUNT
import { close, fork, kill, pipe2, read, O_CLOEXEC, waitpid } from 'truefork';
import { connectRegistry } from 'truefork/discovery';

const [url, service, count] = process.argv.slice(2);

// A child registers and is killed: when it has registered (the pipe ends), or at any moment while it does.
async function killed(port, atAnyMoment) {
  const [readEnd, writeEnd] = pipe2(O_CLOEXEC);
  const pid = fork();
  if (pid === 0) {
    close(readEnd);
    const own = await connectRegistry(url);
    await own.register(service, { host: 'killed', port });
    close(writeEnd);
    setInterval(() => {}, 2 ** 30);
    await new Promise(() => {});
  }
  close(writeEnd);
  if (atAnyMoment) for (const end = performance.now() + Math.random() * 8; performance.now() < end;);
  else read(readEnd, Buffer.alloc(1));
  kill(pid, 'SIGKILL');
  waitpid(pid, 0);
  close(readEnd);
}

// The registry of this process is one that forks inherit, and must let go.
const registry = await connectRegistry(url);
const held = await registry.register(service, { host: 'parent', port: 1 });
for (let i = 1; i <= Number(count); i++) {
  const address = { host: 'cycle', port: i };
  if (i % 4 === 0) {
    await killed(i, i % 8 === 0);
  } else if (i % 4 === 1) {
    const own = await connectRegistry(url);
    await own.register(service, address);
    await own.close();
  } else {
    const registration = await registry.register(service, address);
    if (i % 4 === 2) await registration.update({ ...address, host: 'updated' });
    await registration.unregister();
  }
  if (i % 10 === 0) await new Promise(setImmediate);
}
await held.unregister();
console.log('done');
