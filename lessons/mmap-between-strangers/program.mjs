// Two programs that have nothing in common but a file map it, and have memory in common.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { posixSpawn, waitpid, WEXITSTATUS } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const path = join(folder, 'page');
const start = (program) =>
  posixSpawn(process.execPath, ['node', join(import.meta.dirname, program), path], process.env);
const asker = start('asker.mjs');
const answerer = start('answerer.mjs');
const codes = [asker, answerer].map((pid) => WEXITSTATUS(waitpid(pid, 0).status));
console.log(
  `program:  the asker, pid ${asker}, has ended with ${codes[0]}, the answerer, pid ${answerer}, with ${codes[1]}`,
);

// Unlike what has gone through a FIFO, it is still there.
const lines = readFileSync(path, 'utf8').replaceAll('\0', '').trim().split('\n');
console.log(`program:  in the file there is "${lines.join('", "')}"`);
rmSync(folder, { recursive: true });
