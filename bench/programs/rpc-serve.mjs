// An RPC server of the kind in the first argument, whose `ping` answers what it is asked. Prints its port.
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { connectRegistry } from 'truefork/discovery';
import { prefork } from 'truefork/prefork';
import { booklet, createRpcServer } from 'truefork/rpc';
import { service } from '../rpc/grpc-service.mjs';

const [kind, argument] = process.argv.slice(2);
const peer = createRequire(new URL('../peers/package.json', import.meta.url));
const host = '127.0.0.1';
const say = (port) => console.log(`port=${port}`);
const listen = (server) => server.listen(0, host, () => say(server.address().port));

const kinds = {
  truefork: () => listen(createRpcServer(booklet)),

  async prefork() {
    const master = await prefork(createRpcServer(booklet), {
      host,
      port: 0,
      workers: Number(argument),
      log: () => undefined,
    });
    say(master.address.port);
  },

  /** As it is written in an afternoon: the same frames, one write for each reply. */
  plain: () =>
    listen(
      createServer({ noDelay: true }, (socket) => {
        let rest = Buffer.alloc(0);
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => {
          rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
          while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32LE()) {
            const end = 4 + rest.readUInt32LE();
            const { params } = JSON.parse(rest.toString('utf8', 4, end));
            const body = Buffer.from(JSON.stringify({ out: 'pong', result: params }));
            const frame = Buffer.allocUnsafe(4 + body.length);
            frame.writeUInt32LE(body.length);
            body.copy(frame, 4);
            socket.write(frame);
            rest = rest.subarray(end);
          }
        });
      }),
    ),

  grpc() {
    const { Server, ServerCredentials } = peer('@grpc/grpc-js');
    const server = new Server();
    server.addService(service, { ping: ({ request }, reply) => reply(null, request) });
    server.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, port) => {
      if (error) throw error;
      say(port);
    });
  },

  jayson() {
    const jayson = peer('jayson');
    listen(new jayson.Server({ ping: ([params], reply) => reply(null, params) }).tcp());
  },

  /** Registered in the registry of the argument, until SIGTERM. */
  async registered() {
    const server = createRpcServer(booklet);
    server.listen(0, host, async () => {
      const { port } = server.address();
      const registry = await connectRegistry(argument);
      await registry.register('rpc', { host, port });
      process.once('SIGTERM', async () => {
        await registry.close();
        server.close();
      });
      say(port);
    });
  },
};

await kinds[kind]();
