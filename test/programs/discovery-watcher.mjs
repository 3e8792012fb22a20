// Prints every list of a service as a line, `= host:port host:port`, until it gets a SIGTERM. URL SERVICE
import { readdirSync } from 'node:fs';
import { connectRegistry } from 'truefork/discovery';

const [url, service] = process.argv.slice(2);
const descriptors = () => readdirSync('/proc/self/fd').length;

console.log('watches');
const before = descriptors();
const registry = await connectRegistry(url);
const watch = registry.watch(service, (instances) => {
  console.log(['=', ...instances.map(({ host, port }) => `${host}:${port}`)].join(' '));
});
process.once('SIGTERM', async () => {
  console.log(`descriptors ${descriptors() - before} open`);
  watch.close();
  await registry.close();
  console.log(`descriptors ${descriptors() - before} left`);
});
