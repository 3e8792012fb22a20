// What a server is made of, and what a typed client knows of it.
import { callback, object, wrongType } from '../mistakes.js';

/** Who calls, and for how long the reply is of use. */
export interface CallContext {
  /** The method's name. */
  readonly method: string;
  /**
   * Aborts when nobody waits for the reply any more: the caller has cancelled (its `reason` is a `CancelledError`) or
   * is gone, or the time is up (an `RpcTimeoutError`).
   */
  readonly signal: AbortSignal;
  /** When the time is up, on the clock of `performance.now()`; Infinity if the caller has not said. */
  readonly deadline: number;
  /** The address of the other end; undefined when it is gone. */
  readonly peer: { readonly address: string | undefined; readonly port: number | undefined };
}

/** Answers a call: from its params makes its result, anything that JSON can express, or a promise of it. */
export type Handle = (params: never, context: CallContext) => unknown;

/**
 * A handler is a function, or one together with
 *
 * - `out`: that of its replies, if it is not the method's name;
 * - `params`: what makes the function's params from those that came, and throws if they are wrong. Without it they are
 *   passed on as they came, whatever type the function wants: then it has to look itself.
 */
export type Handler =
  Handle | { readonly out?: string; readonly params?: (params: unknown) => unknown; readonly handle: Handle };

/** The handlers by their methods' names. */
export type Handlers = Readonly<Record<string, Handler>>;

/** The same of a type that has no index signature, such as an interface. */
export type HandlersOf<H> = { readonly [Method in keyof H]: Handler };

/** The handlers of which nothing is known. */
export type AnyHandlers = Readonly<Record<string, (params: unknown) => unknown>>;

type HandleOf<H> = H extends { readonly handle: infer Function } ? Function : H;

/** What the params of a method have to be. */
export type ParamsOf<H> =
  HandleOf<H> extends (...args: infer Arguments) => unknown
    ? Arguments extends []
      ? null | undefined
      : Arguments[0]
    : never;

/** What a caller gets of a method's result, which has gone through JSON. */
export type ResultOf<H> = HandleOf<H> extends (...args: never) => infer Result ? JsonOf<Awaited<Result>> : never;

type NotInJson = undefined | symbol | ((...args: never) => unknown);

/** What is left of a value by `JSON.parse(JSON.stringify(value))`: of a Date its text, of undefined null. */
export type JsonOf<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null
    ? T
    : T extends { toJSON(...args: never): infer Json }
      ? JsonOf<Json>
      : T extends bigint
        ? never
        : // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- that of a function without a result
          T extends NotInJson | void
          ? null
          : T extends readonly unknown[]
            ? { [Index in keyof T]: JsonOf<T[Index]> }
            : { [Key in keyof T as KeyInJson<T, Key>]: JsonOf<Exclude<T[Key], undefined>> };

type KeyInJson<T, Key extends keyof T> = Key extends string | number
  ? [T[Key]] extends [NotInJson]
    ? never
    : Key
  : never;

/** A method as the server has it. */
export interface Method {
  readonly name: string;
  /** The text of a reply up to the result's. */
  readonly replyHead: string;
  readonly params: ((params: unknown) => unknown) | undefined;
  readonly handle: Handle;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE: no handlers */
export function methodsOf(handlers: Handlers): ReadonlyMap<string, Method> {
  const methods = new Map<string, Method>();
  for (const [name, handler] of Object.entries(object('handlers', handlers))) {
    if (typeof handler !== 'function' && (typeof handler !== 'object' || (handler as unknown) === null))
      throw wrongType(`handlers.${name}`, 'a function, or an object with one as `handle`', handler);
    const { out = name, params, handle } = typeof handler === 'function' ? { handle: handler } : handler;
    callback(`handlers.${name}.handle`, handle);
    if (params !== undefined) callback(`handlers.${name}.params`, params);
    if (typeof out !== 'string') throw wrongType(`handlers.${name}.out`, 'of type string', out);
    methods.set(name, { name, replyHead: `{"out":${JSON.stringify(out)},"result":`, params, handle });
  }
  return methods;
}
