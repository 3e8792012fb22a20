// Children that change who they are as soon as they are born, which the C library does in each of their threads by a
// signal; as often as the argument says. To one's own group anybody may change. Prints `passed`.
import assert from 'node:assert/strict';
import { fork, waitpid } from 'truefork';

const group = process.getgid();

for (let n = 0; n < Number(process.argv[2]); n++) {
  const pid = fork();
  if (pid === 0) {
    process.setgid(group);
    process.exit(7);
  }
  assert.deepEqual(waitpid(pid, 0), { pid, status: 7 << 8 });
}
console.log('passed');
