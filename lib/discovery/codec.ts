// What the codecs have in common: how an instance is written in a registry, and how what somebody has written is read.
import { isPort, longestHost } from './arguments.js';
import { InvalidInstanceError } from './errors.js';
import type { Address } from './registry.js';

/** The longest payload that is read, in bytes. One that is written is always shorter. */
export const maxPayload = 64 * 1024;

/** An instance that is to be written. */
export interface Registrant extends Address {
  /** Its service. */
  readonly service: string;
  /** Its name in the registry. */
  readonly id: string;
  /** When it was registered, in milliseconds since 1970. */
  readonly since: number;
}

/** What a payload tells. */
export interface Announced extends Address {
  /** The instance's id, where the payload has it. */
  readonly id?: string;
}

/** A JSON object. @inline */
export type Members = Readonly<Record<string, unknown>>;

/** How an instance is written in a registry. */
export interface Codec {
  /** Its name. */
  readonly name: string;
  /** The bytes of an instance, fewer than 64 KiB. */
  encode(registrant: Registrant): Buffer;
  /** Whether a JSON object is meant for this codec, by its members. */
  knows(members: Members): boolean;
  /**
   * What such an object tells; undefined: an instance that takes no calls now.
   *
   * @throws {InvalidInstanceError} ERR_INVALID_INSTANCE: the message says what is wrong
   */
  decode(members: Members): Announced | undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {InvalidInstanceError} it is too long, or no JSON object in UTF-8 */
export function membersOf(payload: Uint8Array): Members {
  if (payload.length > maxPayload) throw new InvalidInstanceError(`it is longer than ${maxPayload} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(payload));
  } catch {
    throw new InvalidInstanceError('it is not JSON in UTF-8');
  }
  return objectIn(value, 'it');
}

/** @throws {InvalidInstanceError} it is none */
export function objectIn(value: unknown, name: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw new InvalidInstanceError(`${name} is not an object`);
}

/** The address in two members. @throws {InvalidInstanceError} it is none that a client can connect to */
export function addressIn(members: Members, hostName: string, portName = 'port'): Address {
  const { [hostName]: host, [portName]: port } = members;
  if (typeof host !== 'string' || host === '')
    throw new InvalidInstanceError(`its "${hostName}" is no string, or empty`);
  if (host.length > longestHost) {
    throw new InvalidInstanceError(`its "${hostName}" is longer than ${longestHost} characters`);
  }
  if (!isPort(port)) throw new InvalidInstanceError(`its "${portName}" is no integer from 1 to 65535`);
  return { host, port };
}
