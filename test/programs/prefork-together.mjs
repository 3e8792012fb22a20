// A master without a mold that does two things in one turn of its event loop: it reloads and makes one worker more; or, with
// the word "tired", it reloads again and again while workers reach their limit. Its log goes to stdout.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const tired = process.argv[3] === 'tired';
const server = createServer((request, response) => response.end(String(process.pid)));
const master = await prefork(server, { host: '127.0.0.1', ...JSON.parse(process.argv[2]), log: console.log });
console.log('up');
for (let n = 0; n < (tired ? 15 : 1); n++) {
  const reloaded = master.reload();
  if (!tired) master.scale(4);
  await reloaded;
  console.log(`heard by ${process.pid}`);
}
console.log('over');
