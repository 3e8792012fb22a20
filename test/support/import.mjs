// Modules of this folder for programs that are not run by Jest, on each Node.js: most of them read no TypeScript.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** @param name a module that imports none but Node's own */
export function importSupport(name) {
  const { outputText } = ts.transpileModule(readFileSync(join(import.meta.dirname, name), 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
  });
  return import(`data:text/javascript,${encodeURIComponent(outputText)}`);
}
