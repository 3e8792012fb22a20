// Puts the addon into the package: whoever installs it on this platform needs no compiler.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
mkdirSync(folder, { recursive: true });
cpSync(join(root, 'build', 'Release', 'truefork.node'), join(folder, 'truefork.node'));
