// Looks at a service as often as it can, and prints a line when what it sees is another than before. URL SERVICE
import { connectRegistry } from 'truefork/discovery';

const [url, service] = process.argv.slice(2);
const registry = await connectRegistry(url);
let before;
let looks = 0;
let ended = false;
process.once('SIGTERM', () => (ended = true));
while (!ended) {
  const hosts = (await registry.instances(service)).map(({ host }) => host);
  const now = ['=', ...hosts].join(' ');
  if (now !== before) console.log(now);
  before = now;
  looks++;
  await new Promise(setImmediate);
}
await registry.close();
console.log(`looks ${looks}`);
