// What a worker throws, as a value that can be cloned, and made into an error again.
import { inspect } from 'node:util';
import { serialize } from 'node:v8';

/** An error as it is sent; or, in `value`, what was thrown and is none. */
export type ToldError =
  | { readonly value: unknown }
  | {
      readonly name: string;
      readonly message: string;
      readonly stack: string;
      readonly properties: Record<string, unknown>;
      readonly cause: ToldError | undefined;
      /** Of an AggregateError. */
      readonly errors: readonly ToldError[] | undefined;
    };

const classes: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((each) => [each.name, each]),
);

// A chain of causes may have no end.
const DEEPEST = 8;

function isCloneable(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * What is told of something that was thrown: of what cannot be told, that.
 *
 * @param outer the errors that it is a cause of, or one of the errors of: it may be in a circle
 */
export function tell(thrown: unknown, outer: readonly unknown[] = []): ToldError {
  try {
    if (thrown instanceof Error) return toldError(thrown, outer);
    return { value: isCloneable(thrown) ? thrown : String(thrown) };
  } catch {
    // It throws when it is looked at, or has no text: an object without a prototype.
    return toldError(new Error(`what was thrown cannot be sent${shown(thrown)}`), []);
  }
}

function shown(thrown: unknown): string {
  try {
    return `: ${inspect(thrown)}`;
  } catch {
    return '';
  }
}

function toldError(thrown: Error, outer: readonly unknown[]): ToldError {
  const { name, message, stack = '', cause } = thrown;
  const own = Object.entries(thrown).filter(([key, value]) => key !== 'cause' && isCloneable(value));
  const around = [...outer, thrown];
  const toldIn = (errors: unknown[]): ToldError[] =>
    around.length > DEEPEST
      ? []
      : errors.filter((error) => !around.includes(error)).map((error) => tell(error, around));
  return {
    // A class that does not name its errors is known by its own name.
    name: name === 'Error' ? thrown.constructor.name : name,
    message,
    stack,
    properties: Object.fromEntries(own),
    cause: cause === undefined ? undefined : toldIn([cause])[0],
    errors:
      thrown instanceof AggregateError && Array.isArray(thrown.errors)
        ? toldIn([...(thrown.errors as unknown[])])
        : undefined,
  };
}

export function rebuild(told: ToldError): unknown {
  if ('value' in told) return told.value;
  const { name, message, stack, properties, cause, errors } = told;
  const options = cause && { cause: rebuild(cause) };
  const error = errors
    ? new AggregateError(errors.map(rebuild), message, options)
    : new (classes.get(name) ?? Error)(message, options);
  const hidden = { configurable: true, writable: true, enumerable: false };
  if (error.name !== name) Object.defineProperty(error, 'name', { ...hidden, value: name });
  Object.defineProperty(error, 'stack', { ...hidden, value: stack });
  return Object.assign(error, properties);
}
