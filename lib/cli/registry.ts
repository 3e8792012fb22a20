import {
  checkRegistryUrl,
  checkService,
  connectRegistry,
  UnsupportedRegistryError,
  type Registry,
  type RegistryOptions,
} from '../discovery/index.js';
import type { ServerAddress } from '../prefork/index.js';
import { UsageError, type Option } from './command.js';
import { shown, tell } from './output.js';

/** `--registry` of who looks. */
export const registryOption: Option = {
  type: 'string',
  value: 'URL',
  help: "Where to look: file:///DIRECTORY or zk://HOST:PORT,…/PATH. Default: this user's own.",
};

/**
 * The registry of `--registry`, for a service.
 *
 * @throws {UsageError} there is no such registry, or no service can have this name
 */
export async function openRegistry(
  url: string | undefined,
  service: string,
  options: RegistryOptions = {},
): Promise<Registry> {
  checkNames(url, service);
  return connectRegistry(url, options);
}

/** Tells of what a registry warns of. */
export function warn(message: string): void {
  tell(`truefork: ${shown(message)}\n`);
}

/**
 * Whether a server can be registered there, as far as that can be told before it is forked: a session with ZooKeeper is not
 * for two processes.
 *
 * @throws {UsageError} as `openRegistry`
 */
export async function checkRegistry(url: string | undefined, service: string): Promise<void> {
  checkNames(url, service);
  if (isZooKeeper(url)) return;
  const registry = await openRegistry(url, service);
  await registry.instances(service);
  await registry.close();
}

/** Whether it is one that other machines know, too. */
export function isZooKeeper(url: string | undefined): boolean {
  return /^zk:/i.test(url ?? '');
}

function checkNames(url: string | undefined, service: string): void {
  try {
    if (url !== undefined) checkRegistryUrl(url);
    checkService(service);
  } catch (error) {
    if (error instanceof UnsupportedRegistryError || error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * Where clients find a server: on this machine, and with ZooKeeper on any.
 *
 * @param advertised the host that was told
 * @throws {UsageError} it listens on a Unix socket, which no registry can tell of, or on all addresses, and nobody can know
 * which of them other machines reach
 */
export function instanceAt(
  { path, host, port }: ServerAddress,
  url: string | undefined,
  advertised: string | undefined,
): { host: string; port: number } {
  if (path !== undefined) throw new UsageError(`a server that listens on a path cannot be registered: ${path}`);
  if (advertised !== undefined) return { host: advertised, port };
  if (host !== '::' && host !== '0.0.0.0') return { host, port };
  if (!isZooKeeper(url)) return { host: '127.0.0.1', port };
  throw new UsageError(
    'the server listens on all addresses, and --registry zk://… needs one that clients can reach: --host or --advertise HOST',
  );
}
