// A client that has a connection, and a call under way on it, when its process forks.
import { fork, waitpidAsync } from 'truefork';
import { createRpcClient } from 'truefork/rpc';

const client = createRpcClient({ host: '127.0.0.1', port: Number(process.argv[2]) });
await client.call('ping');
const waiting = client.call('wait', 'an answer');
const abandoned = client.call('wait', 'nothing', { timeout: 1000 });
await new Promise(setImmediate);

const pid = fork();
const who = pid === 0 ? 'child' : 'parent';
let settled = 0;
const late = abandoned.catch(({ code }) => {
  settled++;
  return code;
});
void waiting.then(() => settled++);

const results = [];
for (let n = 0; n < 100; n++) results.push(await client.call('ping', `${who} ${n}`).catch(({ code }) => code));
const right = results.filter((result, n) => result === `${who} ${n}`).length;
if (pid === 0) {
  // The parent's call is answered before, and the other has timed out.
  await client.call('over');
  console.log(`child: ${right} of its own, ${settled} of the parent's`);
  process.exit();
}
const timedOut = await late;
await client.call('answer');
console.log(`parent: ${right} of its own, ${await waiting}, ${timedOut}`);
await client.call('goOn');
await waitpidAsync(pid);
