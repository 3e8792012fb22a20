// Nodes that are there once, whatever happens to the answer: their names tell whose they are.
import { ConnectionLossError, NodeExistsError, NoNodeError, OperationTimeoutError } from './errors.js';
import type { CreateOptions, DeleteOptions, Value } from './options.js';
import { join, nameOf, parentOf } from './paths.js';
import type { Stat } from './stat.js';

/** What is wanted of a client. */
interface Creator {
  readonly sessionId: bigint | undefined;
  create(path: string, value: Value, options: CreateOptions): Promise<string>;
  exists(path: string): Promise<Stat | null>;
  getChildren(path: string): Promise<string[]>;
  delete(path: string, options: DeleteOptions): Promise<void>;
}

/** As `ZooKeeperClient.createProtected`. */
export async function createProtected(
  client: Creator,
  path: string,
  value: Value,
  options: CreateOptions,
  guid: string,
): Promise<string> {
  const prefix = `_c_${guid}-`;
  const parent = parentOf(path);
  const own = join(parent, prefix + nameOf(path));
  for (let isRetry = false; ; isRetry = true) {
    try {
      const found = isRetry ? await adopt(client, parent, prefix, options.ephemeral ?? false) : undefined;
      return found ?? (await client.create(own, value, options));
    } catch (error) {
      const isUnknown = error instanceof ConnectionLossError || error instanceof OperationTimeoutError;
      if (!isUnknown && !(error instanceof NodeExistsError)) throw error;
    }
  }
}

/** The node that was made already, if there is one; those that a session before has left are deleted. */
async function adopt(client: Creator, parent: string, prefix: string, ephemeral: boolean): Promise<string | undefined> {
  const session = client.sessionId;
  for (const child of await childrenOf(client, parent)) {
    if (!child.startsWith(prefix)) continue;
    const path = join(parent, child);
    const stat = await client.exists(path);
    if (!stat) continue;
    if (!ephemeral || stat.ephemeralOwner === session) return path;
    await client.delete(path, { guaranteed: true });
  }
  return undefined;
}

// None if there is no such node.
async function childrenOf(client: Creator, path: string): Promise<string[]> {
  try {
    return await client.getChildren(path);
  } catch (error) {
    if (error instanceof NoNodeError) return [];
    throw error;
  }
}
