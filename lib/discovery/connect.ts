import { fileURLToPath } from 'node:url';
import { runtimeDirectory } from '../runtime-directory.js';
import { callback, INT_MAX, integer, object } from '../mistakes.js';
import { checkUrl } from './arguments.js';
import { checkCodec, codecs, type CodecName } from './codecs.js';
import { UnsupportedRegistryError } from './errors.js';
import { FileRegistry } from './file-registry.js';
import type { Registry, RegistryOptions, ZooKeeperOptions } from './registry.js';
import { limited } from './warnings.js';
import type * as Engine from './zookeeper-registry.js';
import { parseZooKeeperUrl } from './zookeeper-url.js';

const defaultTimeout = 15_000;

function warnProcess(message: string): void {
  process.emitWarning(message, 'RegistryWarning');
}

// Not by `new URL`: the hosts of a zk:// URL are more than one.
function schemeOf(url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'file' || scheme === 'zk') return scheme;
  const found = scheme === undefined ? `'${url}' is not a URL` : `there is no registry for '${scheme}:' URLs`;
  throw new UnsupportedRegistryError(
    `${found}: a registry is a 'file:///absolute/directory' or a 'zk://host:2181,host:2181/path'`,
  );
}

// Loaded only where it is asked for. Not by import(): this is CommonJS, where that needs a loader that is not everywhere (in
// Jest, for one).
function zooKeeper(): typeof Engine.ZooKeeperRegistry {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./zookeeper-registry.js') as typeof Engine).ZooKeeperRegistry;
}

/**
 * Checks the URL of a registry, and does not connect.
 *
 * @throws as `connectRegistry`
 */
export function checkRegistryUrl(url: string | URL): void {
  const text = checkUrl(url);
  if (schemeOf(text) === 'zk') zooKeeper().check(parseZooKeeperUrl(text).servers);
  else fileURLToPath(text);
}

function connectZooKeeper(
  url: string,
  { sessionTimeout, timeout = defaultTimeout, auth, defaultAcl }: ZooKeeperOptions,
  codec: CodecName | undefined,
  warn: (message: string) => void,
): Promise<Registry> {
  const told = parseZooKeeperUrl(url);
  if (sessionTimeout !== undefined) integer('options.zookeeper.sessionTimeout', sessionTimeout, 1, INT_MAX);
  integer('options.zookeeper.timeout', timeout, 1, INT_MAX);
  return zooKeeper().connect({
    servers: told.servers,
    codec: codec ?? told.codec ?? 'booklet',
    sessionTimeout,
    timeout,
    auth: auth ?? told.auth,
    defaultAcl,
    warn,
  });
}

/**
 * Opens a registry.
 *
 * `file:///absolute/directory` is that of this machine, with its files there. Absent, it is the one of this user, in
 * `$XDG_RUNTIME_DIR/truefork/registry`, or `truefork-UID/registry` among the temporary files.
 *
 * `zk://[user:password@]host[:port][,host[:port]…][/path][?codec=NAME]` is that of an ensemble of ZooKeeper servers: the
 * port is 2181 if absent, an IPv6 address is in brackets, the nodes are below the path. With the codec `booklet` they are
 * `/path/SERVICE0000000001`, with a GUID before the service's name; with `curator` `/path/SERVICE/GUID`; with `serverset`
 * `/path/SERVICE/member_0000000001`.
 *
 * @throws {UnsupportedRegistryError} ERR_UNSUPPORTED_REGISTRY: another kind of URL
 * @throws {RegistryUnavailableError} ERR_REGISTRY_UNAVAILABLE: no ZooKeeper server could be connected to in time
 * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; those of `url.fileURLToPath`
 * @throws {RangeError} ERR_OUT_OF_RANGE
 * @throws {Error} the error of the system call that failed
 */
export async function connectRegistry(url?: string | URL, options: RegistryOptions = {}): Promise<Registry> {
  object('options', options);
  const { onWarning = warnProcess, codec, zookeeper = {} } = options;
  const warn = limited(callback('options.onWarning', onWarning));
  if (codec !== undefined) checkCodec(codec);
  object('options.zookeeper', zookeeper);
  const text = url === undefined ? undefined : checkUrl(url);
  if (text !== undefined && schemeOf(text) === 'zk') return connectZooKeeper(text, zookeeper, codec, warn);
  const directory = text === undefined ? runtimeDirectory('registry') : fileURLToPath(text);
  return new FileRegistry(directory, codecs[codec ?? 'booklet'], warn);
}
