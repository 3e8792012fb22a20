// The examples of the booklet's chapter 16, against ZooKeeper and without it; and byte by byte, what its own programs would send.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ZooKeeperClient } from 'truefork/zookeeper';
import { groupOf } from './support/processes';
import { nodes, Program } from './support/programs';
import { isolated } from './support/runtime';
import { startServer, type ZooKeeperServer } from './support/zookeeper';

const example = (name: string) => join(__dirname, '..', 'examples', 'chapter16', `${name}.mjs`);

async function serve(env: NodeJS.ProcessEnv, registry: string[] = [], node?: string) {
  const program = new Program(example('server'), {
    args: registry.length > 0 ? ['127.0.0.1', '0', ...registry] : [],
    env,
    ...(node !== undefined && { node }),
  });
  const [, port] = await program.printed(/has registered rpc at 127\.0\.0\.1:(\d+)\n/);
  const [, children = ''] = await program.printed(/^children ([\d ]+)$/m);
  return { program, port: Number(port), children: children.split(' ').map(Number) };
}

async function ended(program: Program): Promise<void> {
  const { code, stderr, stdout } = await program.finished();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/all have ended\n$/);
  expect(groupOf(program.pid)).toEqual([]);
}

const hex = (text: string) => Buffer.from(text).toString('hex');

/** What a server answers to these bytes, until there are so many of it; both in hexadecimal. */
async function answer(port: number, request: string, length: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let bytes = Buffer.alloc(0);
  socket.write(Buffer.from(request, 'hex'));
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    if (bytes.length >= length) break;
  }
  socket.destroy();
  return bytes.toString('hex');
}

describe.each(nodes())('on Node $major', ({ path: node }) => {
  test('with no arguments, server and client meet in the registry of this user', async () => {
    const env = isolated();
    const { program, port, children } = await serve(env, [], node);
    expect(children).toHaveLength(10);
    expect(
      groupOf(program.pid)
        .map(({ pid }) => pid)
        .sort(),
    ).toEqual([program.pid, ...children].sort());

    const client = new Program(example('client'), { node, env });
    await client.printed(new RegExp(`^\\+ 127\\.0\\.0\\.1:${port}\nping "ireader 0" = "ireader 0"\n`));
    await client.printed(/\npi 0 = 2\.8284271247461903\n/);
    program.kill('SIGTERM');
    await client.printed(new RegExp(`\n- 127\\.0\\.0\\.1:${port}\n`));
    await client.printed(/\nno server\n/);
    client.end();
    await ended(program);
  });
});

describe('with ZooKeeper', () => {
  let server: ZooKeeperServer;
  let client: ZooKeeperClient;
  let url: string;

  beforeAll(async () => {
    server = await startServer();
    url = `zk://${server.address}/demo`;
    client = new ZooKeeperClient(server.address);
    await client.start();
  });

  afterAll(async () => {
    await client.stop();
    await server.destroy();
  });

  test('the server is found by the clients of the booklet, and gone before its children end', async () => {
    const { program, port, children } = await serve(isolated(), [url]);
    // Its client lists the children of /demo, whatever their names, and reads "host" and "port" of each.
    const [name = ''] = await client.getChildren('/demo');
    const { value } = await client.get(`/demo/${name}`);
    expect(value.toString()).toBe(`{"host": "127.0.0.1", "port": ${port}}`);
    // json.dumps and struct.pack("I") of Python 2.7.
    const ping = '25000000' + hex('{"params": "ireader 0", "in": "ping"}');
    expect(await answer(port, ping, 39)).toBe('23000000' + hex('{"out":"pong","result":"ireader 0"}'));
    const pi = '1b000000' + hex('{"params": 100, "in": "pi"}');
    expect(await answer(port, pi, 46)).toBe('2a000000' + hex('{"out":"pi_r","result":3.1384395139385455}'));

    const [killed = 0] = children;
    process.kill(killed, 'SIGKILL');
    await program.printed(new RegExp(`^reaped ${killed}$`, 'm'));
    program.kill('SIGINT');
    await ended(program);
    expect(await client.getChildren('/demo')).toEqual([]);
  });

  test('the client finds the servers of the booklet, and its frames are what they read', async () => {
    // A server of the booklet, in what it sends and registers.
    const requests: Buffer[] = [];
    const theirs = createServer((socket) => {
      socket.on('data', (request) => {
        requests.push(request);
        const reply = request.includes('"ping"')
          ? '26000000' + hex('{"result": "ireader 0", "out": "pong"}')
          : '2d000000' + hex('{"result": 2.8284271247461903, "out": "pi_r"}');
        socket.write(Buffer.from(reply, 'hex'));
      });
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(theirs, 'listening');
    const { port } = theirs.address() as AddressInfo;
    await client.ensurePath('/theirs');
    const node = await client.create('/theirs/rpc', `{"host": "127.0.0.1", "port": ${port}}`, {
      ephemeral: true,
      sequence: true,
    });
    const program = new Program(example('client'), {
      args: [`zk://${server.address}/theirs`, '1', '0'],
      env: isolated(),
    });
    const { code, stdout, stderr } = await program.finished();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`+ 127.0.0.1:${port}\nping "ireader 0" = "ireader 0"\npi 0 = 2.8284271247461903\n`);
    // The first one asks, by members that the booklet does not look at, whether the server knows more than the booklet.
    const [first, second] = requests;
    expect(first?.readUInt32LE(0)).toBe((first?.length ?? 0) - 4);
    expect(JSON.parse(String(first?.subarray(4)))).toMatchObject({ in: 'ping', params: 'ireader 0', id: 1 });
    expect(second?.toString('hex')).toBe('16000000' + hex('{"in":"pi","params":0}'));
    expect(requests).toHaveLength(2);
    await client.delete(node);
    theirs.close();
  });
});
