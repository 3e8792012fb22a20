// The paths of nodes.
import { text, wrongValue } from '../mistakes.js';

// ZooKeeper refuses control characters, private use, surrogates and specials. A lone surrogate would become another
// character on the wire; a pair is what it is in UTF-8, but the server's Java sees two.
const refused = /[\0-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff]/; // eslint-disable-line no-control-regex

/**
 * A path, or null if it is none: absolute, without empty, `.` or `..` parts and without a slash at its end.
 *
 * @see https://zookeeper.apache.org/doc/r3.8.0/zookeeperProgrammers.html#ch_zkDataModel
 */
function fault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must begin with a slash';
  if (path === '/') return undefined;
  if (path.endsWith('/')) return 'must not end with a slash';
  const parts = path.slice(1).split('/');
  if (parts.includes('')) return 'must not have an empty part';
  if (parts.includes('.') || parts.includes('..')) return 'must not be relative';
  if (refused.test(path)) return 'has a character that ZooKeeper refuses';
  return undefined;
}

/**
 * A node's path.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
 */
export function checkPath(name: string, path: unknown): string {
  const value = text(name, path);
  const reason = fault(value);
  if (reason !== undefined) throw wrongValue(name, reason, value);
  return value;
}

/** The path of a child. */
export function join(parent: string, child: string): string {
  return parent === '/' ? `/${child}` : `${parent}/${child}`;
}

/** The path of the parent; that of the root is itself. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
