import { pathToFileURL } from 'node:url';

/** What a file exports. */
export interface FileExports {
  /** Undefined: nothing. */
  readonly byDefault: unknown;
  /** Of CommonJS it is a property of what is exported, of which Node.js does not find every one by itself. */
  readonly named: (name: string) => unknown;
}

/**
 * Loads a file.
 *
 * @param path absolute
 * @throws what the file throws, or says that it cannot be loaded
 */
export async function exportsOf(path: string): Promise<FileExports> {
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const whole = Object(module['default']) as Record<string, unknown>;
  // A CommonJS file that a compiler made of an ES module.
  const isCompiled = typeof module['default'] === 'object' && '__esModule' in whole && 'default' in whole;
  return {
    byDefault: isCompiled ? whole['default'] : module['default'],
    named: (name) => module[name] ?? whole[name],
  };
}

/**
 * What `load` loads, which may do anything meanwhile.
 *
 * @param ended is told, as the process ends, that the file has ended it, or waits for what never comes
 */
export async function loadedOr<T>(load: () => Promise<T>, ended: (how: string) => void): Promise<T> {
  const { pid } = process;
  const onExit = () => {
    // A fork of the file's own may end as it likes.
    if (process.pid === pid) ended('ended the process, or has nothing more to do, before it was loaded');
  };
  // Before those who tell others how the process ends.
  process.prependOnceListener('exit', onExit);
  try {
    return await load();
  } finally {
    process.off('exit', onExit);
  }
}
