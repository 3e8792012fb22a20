// Random and mutated bytes, in pieces of every size: no crash, no hang, and no memory beyond maxFrame. FUZZ_SEED=… runs
// the same again, FUZZ_ROUNDS=… more of it.
import { randomInt } from 'node:crypto';
import { booklet, encodeFrame, FrameError, FrameReader, RpcError, type FrameBody } from 'truefork/rpc';
import { clientOf, frame, pythonRequest, Raw, rawServer, serve } from './peers';

const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 10_000);
const maxFrame = 512;

/** Numbers of a seed: the same each time. */
class Random {
  #state: number;

  constructor(from: number) {
    this.#state = from >>> 0;
  }

  /** From 0 to below `end`: an xorshift of 32 bits. */
  below(end: number): number {
    let x = this.#state || 1;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % end;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

const samples = [
  pythonRequest('ping', '"ireader 0"'),
  pythonRequest('pi', '5'),
  encodeFrame({ in: 'ping', params: { é: '😀', list: [1, null, true] }, id: 1, deadline: 1000 }),
  encodeFrame({ cancel: 1 }),
  encodeFrame({ ping: [] }),
  encodeFrame({ id: null, error: { code: 'bad_frame', message: 'no' } }),
  encodeFrame({ hello: { maxFrame: 10, maxCalls: 1 } }),
  encodeFrame({ goaway: true }),
  frame('{"out": "pong", "result": "\\ud83d\\u00e9"}'),
  frame('[]'),
  frame(''),
  Buffer.from('ffffffff', 'hex'),
  encodeFrame({ params: 'x'.repeat(maxFrame) }),
];

/** Some frames, of which bytes are changed, left out and added. */
function mutated(random: Random): Buffer {
  const bytes = [...Buffer.concat(Array.from({ length: 1 + random.below(4) }, () => random.of(samples)))];
  for (let n = random.below(6); n > 0; n--) {
    const at = random.below(bytes.length + 1);
    const what = random.below(4);
    if (what === 0) bytes[at] = random.below(256);
    else if (what === 1) bytes.splice(at, 1 + random.below(8));
    else if (what === 2) bytes.splice(at, 0, ...random.bytes(1 + random.below(8)));
    else bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return Buffer.from(bytes);
}

function input(random: Random): Buffer {
  return random.below(4) === 0 ? random.bytes(random.below(600)) : mutated(random);
}

/** What a reader makes of pieces, and whether it gave up; how much it held at most. */
function read(pieces: Iterable<Buffer>): { bodies: FrameBody[]; failed: boolean; held: number } {
  const reader = new FrameReader(maxFrame);
  const bodies: FrameBody[] = [];
  let held = 0;
  try {
    for (const piece of pieces) {
      reader.push(piece);
      for (let body = reader.read(); body; body = reader.read()) bodies.push(body);
      held = Math.max(held, reader.unread);
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { bodies, failed: true, held };
  }
  return { bodies, failed: false, held };
}

function* inPieces(bytes: Buffer, random: Random): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(40);
    yield bytes.subarray(at, end);
    at = end;
  }
}

/** Runs a test with numbers of the seed, and says which it was if it fails. */
async function seeded(run: (random: Random) => void | Promise<void>): Promise<void> {
  try {
    await run(new Random(seed));
  } catch (error) {
    throw new Error(`with FUZZ_SEED=${seed}`, { cause: error });
  }
}

test('the reader makes the same of bytes however they come, and holds no more than a frame', async () => {
  await seeded((random) => {
    for (let n = 0; n < rounds; n++) {
      const bytes = input(random);
      const whole = read([bytes]);
      const pieces = read(inPieces(bytes, random));
      expect({ bodies: pieces.bodies, failed: pieces.failed }).toEqual({ bodies: whole.bodies, failed: whole.failed });
      expect(pieces.held).toBeLessThan(4 + maxFrame);
    }
  });
});

test('so it is when they are split in two at every place', async () => {
  await seeded((random) => {
    for (let n = 0; n < rounds / 200; n++) {
      const bytes = input(random);
      const { bodies, failed } = read([bytes]);
      for (let at = 0; at <= bytes.length; at++) {
        expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toMatchObject({ bodies, failed });
      }
    }
  });
});

test('the memory of a reader is no more than a frame and a piece, whatever lengths are promised', () => {
  const promised = Buffer.alloc(4);
  const most = 4 * 1024 * 1024;
  promised.writeUInt32LE(most);
  const piece = Buffer.alloc(64 * 1024, ' ');
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 16 }, () => new FrameReader(most));
  for (const reader of readers) {
    reader.push(promised);
    for (let sent = 0; sent + piece.length < most; sent += piece.length) {
      reader.push(piece);
      expect(reader.read()).toBeUndefined();
    }
  }
  global.gc?.();
  // What the collector has not found yet of the smaller ones, together as much as the last, is counted too.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2.5 * readers.length * most);
});

test('a server takes them all, and answers its other peers', async () => {
  await seeded(async (random) => {
    const { server, port } = await serve(booklet, 0, { maxFrame });
    const neighbour = new Raw(port);
    const peers: Raw[] = [];
    for (let n = 0; n < rounds / 20; n++) {
      const peer = new Raw(port);
      peers.push(peer);
      for (const piece of inPieces(input(random), random)) peer.send(piece);
      if (random.below(2) === 0) peer.socket.end();
      neighbour.send(pythonRequest('ping', String(n)));
      expect(await neighbour.reply()).toBe(`{"out":"pong","result":${n}}`);
      // By then what it has sent has come.
      if (peers.length > 20) peers.shift()?.close();
    }
    for (const peer of [neighbour, ...peers]) peer.close();
    await new Promise((resolve) => server.close(resolve));
  });
});

test('a client takes them all, and its calls fail or not, but end', async () => {
  await seeded(async (random) => {
    const port = await rawServer((_, socket) => {
      const bytes = input(random);
      for (const piece of inPieces(bytes, random)) socket.write(piece);
      if (random.below(2) === 0) socket.end();
    });
    for (let n = 0; n < rounds / 50; n++) {
      // A new one each time: one that has failed before is slow to connect.
      const client = clientOf(port, { maxFrame, pingInterval: 20 });
      const calls = [1, 2, 3].map((params) =>
        client.call('ping', params, { timeout: 50 }).catch((error: unknown) => {
          expect(error).toBeInstanceOf(RpcError);
        }),
      );
      await Promise.all(calls);
      await client.close();
    }
  });
});
