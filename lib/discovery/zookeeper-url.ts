import { wrongValue } from '../mistakes.js';
import type { Credential } from '../zookeeper/index.js';
import { checkCodec, type CodecName } from './codecs.js';

/** What a `zk:` URL says. */
export interface ZooKeeperUrl {
  /** A connect string: `host:port,host:port/chroot`. */
  readonly servers: string;
  /** Of the scheme `digest`, if it has one. */
  readonly auth: readonly Credential[] | undefined;
  /** If it says one. */
  readonly codec: CodecName | undefined;
}

// Not by `new URL`: the hosts are more than one.
const form = /^zk:\/\/(?:([^/@]*)@)?([^/@?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/i;

function decoded(text: string, url: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrongValue('url', 'has a % that is no escape', hidden(url));
  }
}

/** Without its password. */
function hidden(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//…@');
}

/**
 * Reads `zk://[user:password@]host[:port][,host[:port]…][/chroot][?codec=NAME]`. What has another meaning in a URL is escaped
 * by a %.
 *
 * @throws {TypeError} ERR_INVALID_ARG_VALUE: it is none. The message does not have the password
 */
export function parseZooKeeperUrl(url: string): ZooKeeperUrl {
  const match = form.exec(url);
  const [, user, hosts = '', path = '', query = ''] = match ?? [];
  if (!match) {
    throw wrongValue('url', 'must be like zk://user:password@host:2181,host:2181/path?codec=NAME', hidden(url));
  }
  const auth = user === undefined ? undefined : user.split(':').map((part) => decoded(part, url));
  if (auth && auth.length !== 2) throw wrongValue('url', 'must have user:password before the @', hidden(url));
  const told = new URLSearchParams(query);
  for (const name of told.keys()) {
    if (name !== 'codec' || told.getAll(name).length > 1)
      throw wrongValue('url', 'may say codec=NAME once, and no more', hidden(url));
  }
  const codec = told.get('codec');
  return {
    servers: hosts + decoded(path, url).replace(/\/$/, ''),
    auth: auth && [{ scheme: 'digest', auth: auth.join(':') }],
    codec: codec === null ? undefined : checkCodec(codec),
  };
}
