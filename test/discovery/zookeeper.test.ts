// The registry in ZooKeeper as every registry, with each of the codecs. What goes wrong is in zookeeper-faults.test.ts.
import { codecs, connectRegistry, type CodecName } from 'truefork/discovery';
import { ZooKeeperClient } from 'truefork/zookeeper';
import { startServer, type ZooKeeperServer } from '../support/zookeeper';
import { conforms } from './conformance';

let server: ZooKeeperServer;
let client: ZooKeeperClient;
let places = 0;

beforeAll(async () => {
  server = await startServer();
  client = new ZooKeeperClient(server.address);
  await client.start();
});

afterAll(async () => {
  await client.stop();
  await server.destroy();
});

describe.each(Object.keys(codecs) as CodecName[])('as every registry, with the codec %s', (codec) => {
  conforms(() => {
    const chroot = `/place${++places}`;
    return {
      connect: () => connectRegistry(`zk://${server.address}${chroot}?codec=${codec}`, { onWarning: () => undefined }),
      async removeService(service) {
        const parent = codec === 'booklet' ? chroot : `${chroot}/${service}`;
        const children = (await client.exists(parent)) ? await client.getChildren(parent) : [];
        for (const child of children) await client.delete(`${parent}/${child}`);
        if (codec !== 'booklet' && (await client.exists(parent))) {
          // A server may be faster, and make its node again.
          await client.delete(parent, { recursive: true }).catch(() => undefined);
        }
      },
      async put(service, payload) {
        const parent = codec === 'booklet' ? chroot : `${chroot}/${service}`;
        await client.ensurePath(parent);
        const path = await client.create(`${parent}/${service}`, payload, { sequence: true });
        return { close: () => client.delete(path) };
      },
    };
  });
});
