// What takes several operations: paths with all that is above or below them. Paths are absolute, the chroot included.
import type { ACL } from './library.js';
import { anyVersion } from './arguments.js';
import { ConnectionLossError, NodeExistsError, NoNodeError, NotEmptyError } from './errors.js';
import { join, parentOf } from './paths.js';
import { create, exists, getChildren, remove, type Request } from './requests.js';

type Perform = <T>(request: Request<T>) => Promise<T>;

/** Makes a node and the parents that are missing. */
export async function ensure(perform: Perform, path: string, acl: ACL[]): Promise<void> {
  if (path === '/' || (await perform(exists(path)))) return;
  await ensure(perform, parentOf(path), acl);
  try {
    await perform(create({ path, value: Buffer.alloc(0), acl, ephemeral: false, sequence: false }));
  } catch (error) {
    if (error instanceof NodeExistsError) return;
    // To make it again does no harm.
    if (!(error instanceof ConnectionLossError)) throw error;
    await ensure(perform, path, acl);
  }
}

/**
 * Deletes a node and all that is below it.
 *
 * @throws {NoNodeError}
 */
export async function deleteTree(perform: Perform, path: string, version: number): Promise<void> {
  for (;;) {
    const { children } = await perform(getChildren(path));
    for (const child of children) {
      try {
        await deleteTree(perform, join(path, child), anyVersion);
      } catch (error) {
        if (!(error instanceof NoNodeError)) throw error;
      }
    }
    try {
      await perform(remove(path, version));
      return;
    } catch (error) {
      // Somebody has made another child meanwhile.
      if (!(error instanceof NotEmptyError)) throw error;
    }
  }
}
