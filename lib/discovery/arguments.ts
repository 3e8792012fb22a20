// The arguments of a registry.
import { randomUUID } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { integer, object, outOfRange, wrongType, wrongValue } from '../mistakes.js';
import type { Address } from './registry.js';

/** The longest host, in characters: that of a DNS name. */
export const longestHost = 255;

/** A port that a client can connect to. */
export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535;
}

// The addresses that mean "all of mine" to bind(2): 0.0.0.0, ::, 0:0:0:0:0:0:0:0, ::0.0.0.0, ::ffff:0.0.0.0.
function isWildcard(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return bare === '0.0.0.0' || (isIPv6(bare) && /^[0:.]*(ffff:[0:.]*)?$/i.test(bare));
}

/**
 * Checks a service's name: it is a name of a directory too, and cannot lead out of its parent.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
 */
export function checkService(service: unknown): void {
  if (typeof service !== 'string') throw wrongType('service', 'of type string', service);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(service)) {
    const form = 'must be 1 to 100 letters, digits, dots, underscores and hyphens, a letter or digit first';
    throw wrongValue('service', form, service);
  }
}

/** An address to register. */
export function checkAddress(address: unknown): Address {
  const { host, port } = object('address', address) as Partial<Record<keyof Address, unknown>>;
  if (typeof host !== 'string') throw wrongType('address.host', 'of type string', host);
  if (host === '' || isWildcard(host)) {
    throw wrongValue('address.host', 'must be an address that clients can connect to', host);
  }
  if (host.length > longestHost) throw outOfRange('address.host', `at most ${longestHost} characters`, host);
  return { host, port: integer('address.port', port, 1, 65535) };
}

/** The id that a registration shall have; a new one if none is told. */
export function checkId(options: unknown = {}): string {
  const { id = randomUUID() } = object('options', options) as { id?: unknown };
  if (typeof id !== 'string') throw wrongType('options.id', 'of type string', id);
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
    throw wrongValue('options.id', 'must be a UUID in small letters', id);
  }
  return id;
}

/** Where a registry is, as text. */
export function checkUrl(url: unknown): string {
  if (typeof url === 'string') return url;
  if (url instanceof URL) return url.href;
  throw wrongType('url', 'a string or a URL', url);
}
