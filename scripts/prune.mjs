// Takes out of dist what was made from a file of lib that is no more: it would go into the package.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const made = /(\.d\.m?ts|\.m?js|\.js\.map)$/;

for (const file of readdirSync(join(root, 'dist'), { recursive: true })) {
  const source = join(root, 'lib', file.replace(made, '.ts'));
  if (file.endsWith('.js.map') || (made.test(file) && !existsSync(source))) rmSync(join(root, 'dist', file));
}
