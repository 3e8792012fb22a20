// A mapped file is shared with the children that are forked afterwards; one that is mapped as a copy is not.
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _exit, fork, getpid, Mapping, waitpid } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const path = join(folder, 'talk');
const fd = openSync(path, 'w+');
ftruncateSync(fd, 64);
const shared = new Mapping(fd, 0, { access: 'write' });
const copy = new Mapping(fd, 0, { access: 'copy' });
closeSync(fd);
console.log(`parent: pid ${getpid()} has mapped the file twice: shared, and as a copy`);

const pid = fork();
if (pid === 0) {
  shared.write('I was here\n');
  copy.seek(32);
  copy.write('I tell nobody\n');
  copy.seek(32);
  console.log(`child:  pid ${getpid()} sees in its copy "${line(copy)}"`);
  console.log(`child:  my position in the shared one is ${shared.tell()}`);
  _exit(0);
}

waitpid(pid, 0); // Memory does not wait, as a pipe does: who reads too early reads nothing.
console.log(`parent: my position in the shared one is ${shared.tell()}`);
console.log(`parent: my child, pid ${pid}, has left there "${line(shared)}"`);
copy.seek(32);
console.log(`parent: in my copy there is "${line(copy)}"`);

shared.write('I have seen it\n');
shared.close();
copy.close();
console.log(`parent: in the file there is "${readFileSync(path, 'utf8').split('\n').slice(0, 2).join('", "')}"`);
rmSync(folder, { recursive: true });

function line(mapping) {
  return mapping
    .readline()
    .toString()
    .replace(/[\n\0]/g, '');
}
