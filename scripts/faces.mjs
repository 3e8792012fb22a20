// Writes, beside each CommonJS face of the package, its twin for `import`: the same things under the same names, listed,
// so that Node.js need not search the CommonJS files for them. There is one copy of each module, however it is loaded.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const { exports } = require('../package.json');

for (const face of Object.values(exports)) {
  if (face.require === undefined) continue;
  const names = Object.keys(require(join(root, face.require.default))).sort();
  const module = [
    "import { createRequire } from 'node:module';",
    `export const { ${names.join(', ')} } = createRequire(import.meta.url)('./index.js');`,
  ];
  writeFileSync(join(root, face.import.default), `${module.join('\n')}\n`);
  writeFileSync(join(root, face.import.types), "export * from './index.js';\n");
}
