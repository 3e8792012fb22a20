// A server whose workers end before they are ready, for `truefork serve`.
import { createServer } from 'node:net';

const server = createServer();
server.listen = () => process.exit(3);
export default server;
