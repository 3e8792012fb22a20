// A FIFO is a pipe with a name: two programs that know nothing but the name talk through it.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkfifo, posixSpawn, waitpid, WEXITSTATUS } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const path = join(folder, 'words');
mkfifo(path, 0o600);
report('before');

const start = (program) =>
  posixSpawn(process.execPath, ['node', join(import.meta.dirname, program), path], process.env);
const writer = start('writer.mjs');
const reader = start('reader.mjs');
const codes = [writer, reader].map((pid) => WEXITSTATUS(waitpid(pid, 0).status));
console.log(
  `program: the writer, pid ${writer}, has ended with ${codes[0]}, the reader, pid ${reader}, with ${codes[1]}`,
);

report('after');
rmSync(folder, { recursive: true });

// What they have said has never been in the file: it was in the kernel, and is gone.
function report(when) {
  const file = statSync(path);
  console.log(
    `program: ${when}: ${readdirSync(folder)} is ${file.isFIFO() ? 'a FIFO' : 'a file'} of ${file.size} bytes`,
  );
}
