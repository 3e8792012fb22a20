// What a typed client infers. The compiler checks it (`npm run check`); the calls show that it is so.
import {
  booklet,
  createRpcClient,
  createRpcServer,
  type CallContext,
  type HandlersOf,
  type JsonOf,
  type RpcClient,
} from 'truefork/rpc';
import { listening, owned } from './peers';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Compiles only if the type of the promise's value is that of the type argument. */
function expectType<Expected>() {
  return <Actual>(promise: Promise<Actual>, same: Same<Expected, Actual>): Promise<Actual> => {
    expect(same).toBe(true);
    return promise;
  };
}

interface User {
  name: string;
  born: Date;
  nick?: string | undefined;
  greet: () => void;
}

const handlers = {
  ...booklet,
  add: ({ a, b }: { a: number; b: number }) => a + b,
  later: (name: string, { deadline }: CallContext) => Promise.resolve({ name, limited: deadline < Infinity }),
  now: () => 'now',
  nothing: () => undefined,
  user: (name: string): User => ({ name, born: new Date(0), greet: () => undefined }),
  list: (of?: 'a' | 'b'): [string, Date][] => [[of ?? 'a', new Date(0)]],
};

interface Api {
  double(n: number): number;
}

async function clientOf<H extends HandlersOf<H>>(of: H): Promise<RpcClient<H>> {
  const port = await listening(createRpcServer(of));
  return owned(createRpcClient<H>({ host: '127.0.0.1', port }));
}

test('methods, params and results are those of the handlers', async () => {
  const client = await clientOf(handlers);
  expect(await expectType<number>()(client.call('add', { a: 1, b: 2 }), true)).toBe(3);
  expect(await expectType<number>()(client.call('pi', 0), true)).toBe(2.8284271247461903);
  expect(await expectType<unknown>()(client.call('ping', 'x'), true)).toBe('x');
  expect(await expectType<{ name: string; limited: boolean }>()(client.call('later', 'x'), true)).toEqual({
    name: 'x',
    limited: true,
  });
  // Params that may be null may be left out.
  expect(await expectType<string>()(client.call('now'), true)).toBe('now');
  expect(await expectType<null>()(client.call('nothing', null, { timeout: 1000 }), true)).toBeNull();
});

test('results are what JSON leaves of them', async () => {
  const client = await clientOf(handlers);
  const born = '1970-01-01T00:00:00.000Z';
  const user = expectType<{ name: string; born: string; nick?: string }>();
  expect(await user(client.call('user', 'x'), true)).toEqual({ name: 'x', born });
  expect(await expectType<[string, string][]>()(client.call('list', 'b'), true)).toEqual([['b', born]]);
  const json: [
    Same<JsonOf<bigint>, never>,
    Same<JsonOf<undefined[]>, null[]>,
    Same<JsonOf<{ a: 1 | undefined }>, { a: 1 }>,
  ] = [true, true, true];
  expect(json).toHaveLength(3);
});

test('an interface will do', async () => {
  const client: RpcClient<Api> = await clientOf<Api>({ double: (n) => 2 * n });
  expect(await expectType<number>()(client.call('double', 4), true)).toBe(8);
});

test('of a client without a type nothing is known', async () => {
  const port = await listening(createRpcServer(handlers));
  const client = owned(createRpcClient({ host: '127.0.0.1', port }));
  expect(await expectType<unknown>()(client.call('add', { a: 1, b: 2 }), true)).toBe(3);
  expect(await expectType<unknown>()(client.call('now'), true)).toBe('now');
});

/** Never called: none of it compiles but for the directives. */
export function mistakes(client: RpcClient<typeof handlers>): void {
  // @ts-expect-error: there is no such method
  void client.call('fly', 1);
  // @ts-expect-error: a member is missing
  void client.call('add', { a: 1 });
  // @ts-expect-error: params are wanted
  void client.call('add');
  // @ts-expect-error: it takes none
  void client.call('now', 1);
  // @ts-expect-error: the wrong type
  void client.call('later', 1);
  // @ts-expect-error: not one of them
  void client.call('list', 'c');
  // @ts-expect-error: there is no such option
  void client.call('now', null, { retries: 1 });
  // @ts-expect-error: a handler is a function
  createRpcServer({ ping: 1 });
  // @ts-expect-error: there is no such balancer
  createRpcClient({ host: 'localhost', port: 1, balancer: 'luck' });
}
