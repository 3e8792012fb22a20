// Argument mistakes: TypeError and RangeError with Node's codes, https://nodejs.org/api/errors.html
import { isIPv6 } from 'node:net';
import { inspect } from 'node:util';
import type { Address } from './registry.js';

const longestHost = 255;

function invalidType(name: string, expected: string, value: unknown): TypeError {
  const message = `${name} must be ${expected}, not ${inspect(value, { depth: 0 })}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

function invalidValue(name: string, reason: string, value: unknown): TypeError {
  const message = `${name} ${reason}: ${inspect(value)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' });
}

function outOfRange(name: string, expected: string, value: unknown): RangeError {
  const message = `${name} must be ${expected}, not ${inspect(value)}`;
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

/** A port that a client can connect to. */
export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535;
}

// The addresses that mean "all of mine" to bind(2): 0.0.0.0, ::, 0:0:0:0:0:0:0:0, ::0.0.0.0, ::ffff:0.0.0.0.
function isWildcard(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare === '0.0.0.0' || (isIPv6(bare) && /^[0:.]*(ffff:[0:.]*)?$/i.test(bare));
}

/** A service's name: it is a name of a directory too, and cannot lead out of its parent. */
export function checkService(service: unknown): void {
  if (typeof service !== 'string') throw invalidType('service', 'a string', service);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(service)) {
    const form = 'must be 1 to 100 letters, digits, dots, underscores and hyphens, a letter or digit first';
    throw invalidValue('service', form, service);
  }
}

/** An address to register. */
export function checkAddress(address: unknown): Address {
  if (typeof address !== 'object' || address === null) throw invalidType('address', 'an object', address);
  const { host, port } = address as Partial<Record<keyof Address, unknown>>;
  if (typeof host !== 'string') throw invalidType('address.host', 'a string', host);
  if (host === '' || isWildcard(host)) {
    throw invalidValue('address.host', 'must be an address that clients can connect to', host);
  }
  if (host.length > longestHost) throw outOfRange('address.host', `at most ${longestHost} characters`, host);
  if (typeof port !== 'number') throw invalidType('address.port', 'a number', port);
  if (!isPort(port)) throw outOfRange('address.port', 'an integer from 1 to 65535', port);
  return { host, port };
}

/** A function that may be absent. */
export function checkOptionalFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalidType(name, 'a function', value);
}

/** An object that may be absent. */
export function checkOptions(value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidType('options', 'an object', value);
}

/** Where a registry is, as text. */
export function checkUrl(url: unknown): string {
  if (typeof url === 'string') return url;
  if (url instanceof URL) return url.href;
  throw invalidType('url', 'a string or a URL', url);
}
