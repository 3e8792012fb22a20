import { codecs, decodeInstance, InvalidInstanceError, type CodecName } from 'truefork/discovery';

const registrant = { service: 'rpc', id: '3f0d', host: 'ü"\\', port: 8080, since: 1657286919479 };
const names = Object.keys(codecs) as CodecName[];

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** What is read; 'invalid: …' for what is no instance. Anything else that is thrown fails the test. */
function read(payload: Uint8Array): unknown {
  try {
    return decodeInstance(payload);
  } catch (error) {
    if (error instanceof InvalidInstanceError) return `invalid: ${error.message}`;
    throw error;
  }
}

describe('what is written, byte for byte', () => {
  test.each([
    ['booklet', '{"host": "ü\\"\\\\", "port": 8080}'],
    [
      'curator',
      '{"name":"rpc","id":"3f0d","address":"ü\\"\\\\","port":8080,"sslPort":null,"payload":null,' +
        '"registrationTimeUTC":1657286919479,"serviceType":"DYNAMIC","uriSpec":null}',
    ],
    [
      'serverset',
      '{"serviceEndpoint":{"host":"ü\\"\\\\","port":8080},"additionalEndpoints":{},"status":"ALIVE","id":"3f0d"}',
    ],
  ] as const)('%s', (name, text) => {
    expect(codecs[name].name).toBe(name);
    expect(codecs[name].encode(registrant).toString()).toBe(text);
  });
});

describe('what is read', () => {
  test.each(names)('what %s writes, whichever codec a registry has', (name) => {
    expect(decodeInstance(codecs[name].encode(registrant))).toMatchObject({ host: 'ü"\\', port: 8080 });
  });

  test.each([
    ['the booklet', '{"host": "localhost", "port": 45675}', { host: 'localhost', port: 45675 }],
    ['the booklet, with more', '{"port": 1, "host": "x", "weight": 3}', { host: 'x', port: 1 }],
    [
      'Curator, with a payload of a Java class',
      '{"name":"flightServer","id":"978ead9a-64d3-4080-9163-235cf99fe1b9","address":"127.0.0.1","port":8877,"sslPort":null,' +
        '"payload":{"@class":"com.x.ServiceDetail","partitionId":0},"registrationTimeUTC":1657286919479,' +
        '"serviceType":"DYNAMIC","uriSpec":{"parts":[{"value":"scheme","variable":true}]}}',
      { host: '127.0.0.1', port: 8877 },
    ],
    ['Curator, enabled', '{"address":"x","port":1,"enabled":true}', { host: 'x', port: 1 }],
    ['Curator, not enabled', '{"address":"x","port":1,"enabled":false}', undefined],
    [
      'Finagle',
      '{"serviceEndpoint":{"host":"myserver","port":10000},"additionalEndpoints":{"http":{"host":"myserver","port":8080}},' +
        '"status":"ALIVE","shard":1}',
      { host: 'myserver', port: 10000 },
    ],
    ['Finagle, dead', '{"serviceEndpoint":{"host":"x","port":1},"status":"DEAD"}', undefined],
    ['Finagle, without a status', '{"serviceEndpoint":{"host":"x","port":1}}', undefined],
    ['a host of 255 characters', { host: 'x'.repeat(255), port: 65535 }, { host: 'x'.repeat(255), port: 65535 }],
    ['64 KiB', `{"host":"x","port":1}${' '.repeat(65_536 - 21)}`, { host: 'x', port: 1 }],
  ])('of %s', (_, payload, expected) => {
    expect(decodeInstance(bytes(payload))).toEqual(expected);
  });

  test('the id of a member of a ServerSet, if it has one that can be', () => {
    const member = { serviceEndpoint: { host: 'x', port: 1 }, status: 'ALIVE' };
    expect(decodeInstance(bytes({ ...member, id: 'mine' }))).toEqual({ host: 'x', port: 1, id: 'mine' });
    for (const id of [7, '', null, 'x'.repeat(101)]) {
      expect(decodeInstance(bytes({ ...member, id }))).toEqual({ host: 'x', port: 1 });
    }
  });
});

test.each([
  ['', 'it is not JSON in UTF-8'],
  ['{', 'it is not JSON in UTF-8'],
  ['null', 'it is not an object'],
  ['[]', 'it is not an object'],
  ['"host"', 'it is not an object'],
  ['{}', 'it has none of "host", "address" and "serviceEndpoint"'],
  ['{"__proto__":{"host":"x","port":1}}', 'it has none of "host", "address" and "serviceEndpoint"'],
  ['{"host":"","port":1}', 'its "host" is no string, or empty'],
  ['{"host":"x"}', 'its "port" is no integer from 1 to 65535'],
  ['{"host":"x","port":"1"}', 'its "port" is no integer from 1 to 65535'],
  ['{"host":"x","port":65536}', 'its "port" is no integer from 1 to 65535'],
  ['{"address":null,"port":1}', 'its "address" is no string, or empty'],
  ['{"address":"x","port":null,"sslPort":443}', 'its "port" is no integer from 1 to 65535'],
  ['{"serviceEndpoint":[]}', 'its "serviceEndpoint" is not an object'],
  ['{"serviceEndpoint":{"host":"x","port":0},"status":"DEAD"}', 'its "port" is no integer from 1 to 65535'],
  [`{"host":"${'x'.repeat(256)}","port":1}`, 'its "host" is longer than 255 characters'],
  [`{"host":"x","port":1}${' '.repeat(65_536 - 20)}`, 'it is longer than 65536 bytes'],
  ['['.repeat(60_000), 'it is not JSON in UTF-8'],
  [`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 'it has none of "host", "address" and "serviceEndpoint"'],
])('%.60j is refused: %s', (payload, message) => {
  expect(read(bytes(payload))).toBe(`invalid: ${message}`);
});

test('bytes that are not UTF-8 are refused', () => {
  expect(read(Buffer.from([0x7b, 0xff, 0x7d]))).toBe('invalid: it is not JSON in UTF-8');
});

describe('whatever the bytes are', () => {
  // The same in each run, so that what fails can be found again: xorshift32.
  let state = 0x9e3779b9;
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };

  const originals = names.map((name) => codecs[name].encode(registrant));

  const sound = (payload: Uint8Array) => {
    const result = read(payload);
    if (typeof result === 'string') return;
    if (result !== undefined) {
      const { host, port } = result as { host: string; port: number };
      expect(typeof host === 'string' && host.length > 0 && host.length <= 255).toBe(true);
      expect(Number.isInteger(port) && port > 0 && port < 65_536).toBe(true);
    }
  };

  test('an instance that is cut anywhere is refused', () => {
    for (const original of originals) {
      for (let length = 0; length < original.length; length++) {
        expect(read(original.subarray(0, length))).toBe('invalid: it is not JSON in UTF-8');
      }
    }
  });

  test('any byte of an instance may be any other', () => {
    for (const original of originals) {
      for (let place = 0; place < original.length; place++) {
        const payload = Buffer.from(original);
        for (let value = 0; value < 256; value += 1 + random(8)) {
          payload[place] = value;
          sound(payload);
        }
      }
    }
  });

  test('instances may be mixed, doubled and mutated', () => {
    for (let round = 0; round < 20_000; round++) {
      const from = originals[random(originals.length)] ?? Buffer.of();
      const to = originals[random(originals.length)] ?? Buffer.of();
      const payload = Buffer.concat([from.subarray(0, random(from.length)), to.subarray(random(to.length))]);
      for (let n = random(4); n > 0 && payload.length > 0; n--) payload[random(payload.length)] = random(256);
      sound(payload);
    }
  });

  test('members may have any values', () => {
    const keys = ['host', 'port', 'address', 'serviceEndpoint', 'status', 'enabled', 'id', '__proto__', 'constructor'];
    const values = [null, true, false, 0, 1, -1, 1.5, 1e300, 65_535, '', 'x', 'ALIVE', 'x'.repeat(256), [], [[]], {}];
    const member = (depth: number): unknown => {
      if (depth === 0 || random(3) > 0) return values[random(values.length)];
      return Object.fromEntries(
        Array.from({ length: random(4) }, () => [keys[random(keys.length)], member(depth - 1)]),
      );
    };
    for (let round = 0; round < 20_000; round++) {
      const entries = Array.from({ length: 1 + random(4) }, () => [keys[random(keys.length)], member(2)] as const);
      const text = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join();
      sound(bytes(`{${text}}`));
    }
  });

  test('noise is refused', () => {
    for (let round = 0; round < 20_000; round++) {
      const payload = Buffer.from(Array.from({ length: random(64) }, () => random(256)));
      sound(payload);
    }
  });
});
