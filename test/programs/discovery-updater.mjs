// Registers a host, and after each line of input, `COUNT`, updates it so often. URL SERVICE HOST COUNT
import { connectRegistry } from 'truefork/discovery';

const [url, service, host, count] = process.argv.slice(2);
const registry = await connectRegistry(url);
const registration = await registry.register(service, { host, port: 1 });
console.log('registered');
process.once('SIGUSR2', async () => {
  for (let i = 1; i <= Number(count); i++) {
    await registration.update({ host, port: 1 + (i % 1000) });
    await new Promise(setImmediate);
  }
  console.log('updated');
});
setInterval(() => {}, 2 ** 30);
