// A text file as memory: read line by line, searched, and changed in its place, without a read or a write.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mapping } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const path = join(folder, 'chores.txt');
writeFileSync(path, 'Zoë feeds the cats\n小雨 waters the roses\n');

const fd = openSync(path, 'r+');
const text = new Mapping(fd, 0);
closeSync(fd);

console.log(`position ${text.tell()} of ${text.length}`);
for (const line of text.lines()) {
  console.log(
    `"${line.toString().trimEnd()}": ${line.toString().length} characters, ${line.length} bytes; position ${text.tell()}`,
  );
}

const cats = text.find('cats', 0);
console.log(`"cats" begins at ${cats}`);
text.seek(cats);
text.write('dogs'); // In their place: what is longer or shorter would need all that follows to be moved.
text.setSlice('ferns', text.length - 6, -1);
console.log(`the position is ${text.tell()}; all of it:\n${text.slice()}`.trimEnd());

text.flush(); // Waits until it is on the disk. Whoever reads the file sees it before that, too.
text.close();
console.log(`the file:\n${readFileSync(path, 'utf8')}`.trimEnd());
rmSync(folder, { recursive: true });
