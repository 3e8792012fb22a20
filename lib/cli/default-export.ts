import { pathToFileURL } from 'node:url';

/**
 * What a file exports by default; undefined: nothing.
 *
 * @param path absolute
 * @throws what the file throws, or says that it cannot be loaded
 */
export async function defaultExportOf(path: string): Promise<unknown> {
  const { default: exported } = (await import(pathToFileURL(path).href)) as { default?: unknown };
  // A CommonJS file that a compiler made of an ES module.
  const compiled = typeof exported === 'object' && exported !== null && '__esModule' in exported;
  return compiled && 'default' in exported ? exported.default : exported;
}
