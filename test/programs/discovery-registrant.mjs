// Registers an address, and prints its id. URL SERVICE HOST PORT
import { connectRegistry } from 'truefork/discovery';

const [url, service, host, port] = process.argv.slice(2);
const registry = await connectRegistry(url);
const { id } = await registry.register(service, { host, port: Number(port) });
console.log(`registered ${id}`);
setInterval(() => {}, 2 ** 30);
