// Where a prefork server listens, and how that is shown.
import { resolve } from 'node:path';
import { text, wrongValue } from '../mistakes.js';

/** Where a server listens: on a host, in numbers, and a port; or on a Unix socket. */
export type ServerAddress =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | {
      /** Absolute; a name in the abstract namespace has a null byte in front. */
      readonly path: string;
      readonly host?: undefined;
      readonly port?: undefined;
    };

/** For people: `127.0.0.1 port 8080`, `/run/app.sock`, `@name` of one in the abstract namespace. */
export function shownAddress({ path, host, port }: ServerAddress): string {
  return path === undefined ? `${host} port ${port}` : path.replaceAll('\0', '@');
}

/** For the log: host and port, or the path. */
export function addressFields(address: ServerAddress): Record<string, string | number> {
  const { path, host, port } = address;
  return path === undefined ? { host, port } : { path: shownAddress(address) };
}

/** Of a Unix socket, in bytes: sun_path of unix(7), less the null byte in front or behind. */
export const LONGEST_PATH = 107;

/**
 * A path that a Unix socket can have: absolute, or a name in the abstract namespace, with a null byte in front.
 *
 * @param name of the argument, for the error
 * @throws {TypeError} it cannot be one
 */
export function socketPath(name: string, value: unknown): string {
  const path = text(name, value);
  if (path.lastIndexOf('\0') > 0) throw wrongValue(name, 'must not contain null bytes but in front', path);
  if (path === '\0') throw wrongValue(name, 'must have a name behind the null byte', path);
  // Another working directory later on is not to change which file is removed.
  const absolute = isAbstract(path) ? path : resolve(path);
  const bytes = Buffer.byteLength(absolute) - (isAbstract(path) ? 1 : 0);
  if (bytes > LONGEST_PATH) {
    throw wrongValue(name, `must have at most ${LONGEST_PATH} bytes as an absolute path, not ${bytes}`, absolute);
  }
  return absolute;
}

/** Whether it is a name in the abstract namespace. */
export function isAbstract(path: string): boolean {
  return path.startsWith('\0');
}
