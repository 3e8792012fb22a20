// Parent and child may use a FIFO as well. To open an end waits for the other end: so they meet.
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _exit, Fifo, fork, getpid, getppid, pstree, waitpid } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const upward = new Fifo(join(folder, 'upward')); // From child to parent.
const downward = new Fifo(join(folder, 'downward')); // From parent to child.
console.log(`parent: pid ${getpid()} has made ${readdirSync(folder).join(' and ')}`);

const pid = fork();
if (pid === 0) {
  // In the same order as the parent: two who each wait for another FIFO would never meet.
  const toParent = upward.openWriter();
  const fromParent = downward.openReader();
  toParent.write('may I have the car?');
  toParent.close();
  console.log(`child:  "${fromParent.readText()}"`);
  console.log(`        ${pstree(getppid())}`);
  _exit(0);
}

const fromChild = upward.openReader();
const toChild = downward.openWriter();
console.log(`parent: "${fromChild.readText()}" asks my child, pid ${pid}`);
toChild.write('until ten');
toChild.close();
waitpid(pid, 0);

upward.close(); // Removes the name: this process has made it.
downward.close();
console.log(`parent: pid ${pid} is back; FIFOs that are left: ${readdirSync(folder).length}`);
rmdirSync(folder);
