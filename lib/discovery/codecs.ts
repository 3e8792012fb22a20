import { isPort } from './arguments.js';
import { InvalidInstanceError } from './errors.js';
import type { Address } from './registry.js';

/** How an address is written in a registry. */
export interface Codec {
  /** Its name. */
  readonly name: string;
  /** The bytes of an address, fewer than 64 KiB. */
  encode(address: Address): Buffer;
  /**
   * The address of such bytes.
   *
   * @throws {InvalidInstanceError} ERR_INVALID_INSTANCE: they are something else; the message says what is wrong
   */
  decode(payload: Uint8Array): Address;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(payload));
  } catch {
    throw new InvalidInstanceError('it is not JSON in UTF-8');
  }
}

/**
 * The JSON that the servers of the juejin RPC booklet register: `{"host": "localhost", "port": 45675}`. Other members
 * are ignored.
 *
 * @see https://github.com/pyloque/juejin_rpc_py
 */
export const booklet: Codec = {
  name: 'booklet',

  encode({ host, port }) {
    return Buffer.from(`{"host": ${JSON.stringify(host)}, "port": ${port}}`);
  },

  decode(payload) {
    const value = parsed(payload);
    if (typeof value !== 'object' || value === null) throw new InvalidInstanceError('it is not an object');
    const { host, port } = value as Partial<Record<keyof Address, unknown>>;
    if (typeof host !== 'string' || host === '') throw new InvalidInstanceError('its "host" is no string, or empty');
    if (!isPort(port)) throw new InvalidInstanceError('its "port" is no integer from 1 to 65535');
    return { host, port };
  },
};
