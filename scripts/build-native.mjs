// Builds the addon when it is missing or older than its sources; says nothing when there is nothing to do. With a folder
// of test/ as its argument, the build of the addon that the folder's binding.gyp describes, into the folder.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddons } from './addon.mjs';

const root = join(import.meta.dirname, '..');
const native = [join(root, 'binding.gyp'), join(root, 'native')];
const [variant] = process.argv.slice(2);
if (variant === undefined) {
  buildAddons(root, ['truefork'], native);
} else {
  const folder = join(root, variant);
  const own = readdirSync(folder).filter((name) => name.endsWith('.cc'));
  buildAddons(folder, ['truefork'], [...native, ...own.map((name) => join(folder, name))]);
}
