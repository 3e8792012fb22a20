import { fileURLToPath } from 'node:url';
import { runtimeDirectory } from '../runtime-directory.js';
import { callback, object } from '../mistakes.js';
import { checkUrl } from './arguments.js';
import { booklet } from './codecs.js';
import { UnsupportedRegistryError } from './errors.js';
import { FileRegistry } from './file-registry.js';
import type { Registry, RegistryOptions } from './registry.js';

function directoryOf(url: string): string {
  // Not by `new URL`: the hosts of a zk:// URL are more than one.
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'file') return fileURLToPath(url);
  const found = scheme === undefined ? `'${url}' is not a URL` : `there is no registry for '${scheme}:' URLs`;
  throw new UnsupportedRegistryError(`${found}: a registry is a 'file:///absolute/directory'`);
}

/**
 * Opens a registry.
 *
 * @param url `file:///absolute/directory`: that of this machine, with its files there. Absent: the one of this user, in
 * `$XDG_RUNTIME_DIR/truefork/registry`, or `truefork-UID/registry` among the temporary files
 * @throws {UnsupportedRegistryError} ERR_UNSUPPORTED_REGISTRY: another kind of URL
 * @throws {TypeError} ERR_INVALID_ARG_TYPE; those of `url.fileURLToPath`
 * @throws {Error} the error of the system call that failed
 */
export async function connectRegistry(url?: string | URL, options: RegistryOptions = {}): Promise<Registry> {
  object('options', options);
  const { onWarning } = options;
  if (onWarning !== undefined) callback('options.onWarning', onWarning);
  const directory = url === undefined ? runtimeDirectory('registry') : directoryOf(checkUrl(url));
  const warn = (message: string) => {
    if (onWarning) {
      queueMicrotask(() => {
        onWarning(message);
      });
    } else {
      process.emitWarning(message, 'RegistryWarning');
    }
  };
  return Promise.resolve(new FileRegistry(directory, booklet, warn));
}
