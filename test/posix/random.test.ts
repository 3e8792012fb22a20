import { getrandom, GRND_NONBLOCK, GRND_RANDOM } from 'truefork/posix';
import { thrownBy } from './cases';

test('getrandom fills a buffer with bytes that do not repeat', () => {
  const buffers = [new Uint8Array(32), new DataView(new ArrayBuffer(32)), Buffer.alloc(32), new ArrayBuffer(32)];
  for (const buffer of buffers) expect(getrandom(buffer, 0)).toBe(32);
  const drawn = buffers.map((buffer) =>
    Buffer.from(ArrayBuffer.isView(buffer) ? buffer.buffer : buffer).toString('hex'),
  );
  expect(new Set(drawn).size).toBe(drawn.length);
  expect(drawn).not.toContain('0'.repeat(64));
});

test('getrandom fills the view that it is given and nothing beside it', () => {
  const bytes = new Uint8Array(300).fill(0xa5);
  expect(getrandom(bytes.subarray(20, 276), GRND_NONBLOCK | GRND_RANDOM)).toBe(256);
  expect([...bytes.subarray(0, 20), ...bytes.subarray(276)]).toEqual(Array(44).fill(0xa5));
  expect(new Set(bytes.subarray(20, 276)).size).toBeGreaterThan(100);
});

test('getrandom of nothing is nothing', () => {
  expect(getrandom(new Uint8Array(0), 0)).toBe(0);
});

test('getrandom does not know other flags: EINVAL', () => {
  expect(thrownBy(() => getrandom(new Uint8Array(1), 64))).toMatchObject({ code: 'EINVAL', syscall: 'getrandom' });
});
