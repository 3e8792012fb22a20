import { connectRegistry, UnsupportedRegistryError, type Registry } from '../discovery/index.js';
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
