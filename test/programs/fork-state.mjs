// A parent that has drawn random numbers, three children and a grandchild of each: all tell who they are and what they
// draw, a JSON object a line.
import { getRandomValues, randomBytes, randomInt, randomUUID } from 'node:crypto';
import inspector from 'node:inspector';
import { fork, getpid, getppid, waitpid } from 'truefork';

const draw = () => ({
  random: [Math.random(), Math.random(), Math.random()],
  uuid: [randomUUID(), randomUUID(), globalThis.crypto.randomUUID()],
  int: [randomInt(2 ** 40), randomInt(2 ** 40), randomInt(2 ** 40)],
  bytes: [randomBytes(8).toString('hex'), getRandomValues(new Uint32Array(2)).join()],
});

const tell = (role) => {
  const { pid, ppid } = process;
  const descriptor = Object.getOwnPropertyDescriptor(process, 'pid');
  console.log(JSON.stringify({ role, pid, ppid, getpid: getpid(), getppid: getppid(), descriptor, ...draw() }));
};

draw();
const before = draw();
const returned = [];
for (let n = 0; n < 3; n++) {
  const pid = fork();
  if (pid > 0) {
    returned.push(pid);
    continue;
  }
  tell('child');
  const grandchild = fork();
  if (grandchild > 0) waitpid(grandchild, 0);
  else tell('grandchild');
  setImmediate(() => {
    // Nothing has woken Node's inspector.
    if (inspector.url() !== undefined) console.log('"the inspector was opened"');
    process.exit();
  });
  break;
}
if (returned.length === 3) {
  for (const pid of returned) waitpid(pid, 0);
  console.log(JSON.stringify({ role: 'before', ...before }));
  tell('parent');
  console.log(JSON.stringify({ role: 'returned', pids: returned }));
}
