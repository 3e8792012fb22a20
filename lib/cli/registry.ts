import { connectRegistry, UnsupportedRegistryError, type Registry } from '../discovery/index.js';
import type { ServerAddress } from '../prefork/index.js';
import { UsageError } from './command.js';

/**
 * The registry of `--registry`, for a service.
 *
 * @throws {UsageError} there is no such registry, or no service can have this name
 */
export async function openRegistry(url: string | undefined, service: string): Promise<Registry> {
  try {
    const registry = await connectRegistry(url);
    // It checks the name.
    await registry.instances(service);
    return registry;
  } catch (error) {
    if (error instanceof UnsupportedRegistryError || error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * Where a client on this machine finds a server.
 *
 * @throws {Error} it listens on a Unix socket, which no registry can tell of
 */
export function instanceAt({ path, host, port }: ServerAddress): { host: string; port: number } {
  if (path !== undefined) throw new Error(`a server that listens on a path cannot be registered: ${path}`);
  return { host: host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host, port };
}
