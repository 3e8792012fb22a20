import { defaultMaxFrame, encodeFrame, FrameError, FrameReader, type FrameBody } from 'truefork/rpc';
import { frame } from './peers';

// As the booklet's server sends it, byte for byte.
const bookletReply = Buffer.concat([
  Buffer.from('26000000', 'hex'),
  Buffer.from('{"result": "ireader 0", "out": "pong"}'),
]);

function readAll(chunks: Iterable<Buffer>, maxFrame = defaultMaxFrame): FrameBody[] {
  const reader = new FrameReader(maxFrame);
  const bodies: FrameBody[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let body = reader.read(); body; body = reader.read()) bodies.push(body);
  }
  return bodies;
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('a frame is the length of its body in 4 bytes, little-endian, and the body in JSON', () => {
  expect(encodeFrame({ out: 'pong', result: 'ireader 0' })).toEqual(
    Buffer.concat([Buffer.from('23000000', 'hex'), Buffer.from('{"out":"pong","result":"ireader 0"}')]),
  );
});

test('the length counts bytes, not characters', () => {
  expect(encodeFrame({ in: 'é😀' }).readUInt32LE()).toBe(Buffer.byteLength('{"in":"é😀"}'));
});

test('frames are read from pieces of any size, and the pieces are left as they are', () => {
  const bytes = Buffer.concat([bookletReply, encodeFrame({ in: 'é😀' }), frame('{"x": "\\u00e9"}'), bookletReply]);
  const copy = Buffer.from(bytes);
  const pong = { out: 'pong', result: 'ireader 0' };
  for (let size = 1; size <= bytes.length; size++) {
    expect(readAll(pieces(bytes, size))).toEqual([pong, { in: 'é😀' }, { x: 'é' }, pong]);
  }
  expect(bytes).toEqual(copy);
});

test('a frame of a megabyte is read byte by byte', () => {
  const body = { params: 'x'.repeat(1 << 20) };
  expect(readAll(pieces(encodeFrame(body), 1))).toEqual([body]);
});

test('a length above maxFrame is refused before any of the body has come', () => {
  const reader = new FrameReader(defaultMaxFrame);
  reader.push(Buffer.from('ffffffff', 'hex'));
  expect(() => reader.read()).toThrow(FrameError);
});

test('maxFrame is the longest body that is read', () => {
  const body = '{"in":"ping"}';
  expect(readAll([frame(body)], body.length)).toEqual([{ in: 'ping' }]);
  expect(() => readAll([frame(body)], body.length - 1)).toThrow(
    expect.objectContaining({ name: 'FrameError', code: 'ERR_RPC_FRAME' }) as Error,
  );
});

test('after keep() the memory of what was pushed may be used again, wherever the bytes are cut', () => {
  const bytes = Buffer.concat([bookletReply, frame('{"out":"pi_r","result":3}'), bookletReply]);
  const expected = readAll([bytes]);
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new FrameReader(defaultMaxFrame);
    const memory = Buffer.alloc(size);
    const bodies: FrameBody[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      reader.push(memory.subarray(0, bytes.copy(memory, 0, at)));
      for (let body = reader.read(); body !== undefined; body = reader.read()) bodies.push(body);
      reader.keep();
      memory.fill(0xff);
    }
    expect(bodies).toEqual(expected);
  }
});

test('nothing is allocated for a body that was only announced', () => {
  const announced = Buffer.alloc(5);
  announced.writeUInt32LE(defaultMaxFrame);
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 100 }, () => {
    const reader = new FrameReader(defaultMaxFrame);
    reader.push(announced.subarray(0, 4));
    reader.read();
    reader.push(announced.subarray(4));
    reader.read();
    return reader;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  expect(readers).toHaveLength(100);
});

test.each([
  ['of length zero', frame('')],
  ['that is not JSON', frame('{in: ping}')],
  ['that is null', frame('null')],
  ['that is an array', frame('[]')],
  ['that is a number', frame('1')],
  ['that begins with a byte order mark', frame('\uFEFF{}')],
])('a frame %s is a FrameError', (_, bytes) => {
  expect(() => readAll([bytes])).toThrow(FrameError);
});

test('bytes that are not UTF-8 within valid JSON are a FrameError, the replacement character is not', () => {
  const bytes = frame('{"a":"?"}');
  bytes[bytes.indexOf('?')] = 0xff;
  expect(() => readAll([bytes])).toThrow('not UTF-8');
  expect(readAll([frame('{"a":"\uFFFD"}')])).toEqual([{ a: '\uFFFD' }]);
});

test('frames before a bad one are read', () => {
  const reader = new FrameReader(defaultMaxFrame);
  reader.push(Buffer.concat([bookletReply, frame('garbage')]));
  expect(reader.read()).toEqual({ out: 'pong', result: 'ireader 0' });
  expect(() => reader.read()).toThrow(FrameError);
});
