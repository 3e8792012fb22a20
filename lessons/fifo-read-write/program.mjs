// Who opens a FIFO with O_RDWR is its reader and its writer: nobody has to be waited for, but one may hear one's own words.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  getpid,
  mkfifo,
  O_NONBLOCK,
  O_RDWR,
  O_WRONLY,
  open,
  poll,
  POLLIN,
  posixSpawn,
  read,
  waitpid,
  write,
} from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const path = join(folder, 'words');
mkfifo(path, 0o600);

try {
  open(path, O_WRONLY | O_NONBLOCK);
} catch (error) {
  console.log(`first:  to write alone: ${error.code}, there is no reader; without O_NONBLOCK I would wait here`);
}

const fd = open(path, O_RDWR);
console.log(`first:  pid ${getpid()}; to read and write: open at once, and I am alone`);

say('is anybody there?');
console.log(`first:  I have heard "${hear()}", which was myself`);

say('tea or coffee?');
const second = posixSpawn(process.execPath, ['node', join(import.meta.dirname, 'second.mjs'), path], process.env);
waitpid(second, 0); // Before that, the words in the FIFO are mine: I would take them back.
console.log(`first:  I have heard "${hear()}" from pid ${second}`);

const isThere = poll([{ fd, events: POLLIN }], 0).length > 0;
console.log(
  `first:  ${isThere ? 'something' : 'nothing'} is left; but no end: I am a writer myself, and read would wait for ever`,
);
rmSync(folder, { recursive: true });

function say(text) {
  write(fd, Buffer.from(text));
}

function hear() {
  const buffer = Buffer.alloc(100);
  return buffer.toString('utf8', 0, read(fd, buffer));
}
