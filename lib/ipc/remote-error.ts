// What a worker throws, as a value that can be cloned, and made into an error again.
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
    };

const classes: Record<string, ErrorConstructor> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

// An error may be its own cause, in a circle.
const DEEPEST = 8;

function isCloneable(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}

export function tell(thrown: unknown, depth = 0): ToldError {
  if (!(thrown instanceof Error)) return { value: isCloneable(thrown) ? thrown : String(thrown) };
  const { name, message, stack = '', cause } = thrown;
  const own = Object.entries(thrown).filter(([key, value]) => key !== 'cause' && isCloneable(value));
  return {
    // A class that does not name its errors is known by its own name.
    name: name === 'Error' ? thrown.constructor.name : name,
    message,
    stack,
    properties: Object.fromEntries(own),
    cause: cause === undefined || depth === DEEPEST ? undefined : tell(cause, depth + 1),
  };
}

export function rebuild(told: ToldError): unknown {
  if ('value' in told) return told.value;
  const { name, message, stack, properties, cause } = told;
  const options = cause && { cause: rebuild(cause) };
  const error = new (classes[name] ?? Error)(message, options);
  const hidden = { configurable: true, writable: true, enumerable: false };
  if (error.name !== name) Object.defineProperty(error, 'name', { ...hidden, value: name });
  Object.defineProperty(error, 'stack', { ...hidden, value: stack });
  return Object.assign(error, properties);
}
