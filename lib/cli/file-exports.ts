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
