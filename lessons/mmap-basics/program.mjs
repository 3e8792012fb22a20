// A file as memory: what is written to the memory is in the file. With a position, as a file has one, and with slices.
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mapping } from 'truefork';

const folder = mkdtempSync(join(tmpdir(), 'lesson-'));
const path = join(folder, 'memory');
const fd = openSync(path, 'w+');
ftruncateSync(fd, 4096); // An empty file has nothing to map.
const memory = new Mapping(fd, 0); // 0: all of it.
closeSync(fd); // The mapping stays.

console.log(`size ${memory.size()} of the file, length ${memory.length} of the mapping`);
memory.resize(16);
console.log(`resize(16): size ${memory.size()}, length ${memory.length}, and on the disk ${statSync(path).size} bytes`);

console.log('read() from the position on, to the end:');
console.log('  ', memory.read());
console.log(`tell(): the position is ${memory.tell()}; once more: ${memory.read().length} bytes`);
memory.seek(0);
console.log(`seek(0): the position is ${memory.tell()}`);

memory.write('12345');
console.log(`write('12345'): the position is ${memory.tell()}`);

memory.setSlice('67890', 5, 10);
console.log(`setSlice('67890', 5, 10): the position is still ${memory.tell()}`);
console.log(`slice(0, 10) is "${memory.slice(0, 10)}", slice(-6) is`, memory.slice(-6));
console.log(`every second, backwards: slice(9, 0, -2) is "${memory.slice(9, 0, -2)}"`);
console.log(`find('89') is ${memory.find('89', 0)}, find('x') is ${memory.find('x', 0)}`);

memory.bytes[0] = 'A'.charCodeAt(0); // The memory itself, as a Buffer.
console.log(`the file: "${readFileSync(path, 'latin1').replaceAll('\0', '.')}"`);

memory.close();
console.log(`closed: ${memory.closed}`);
rmSync(folder, { recursive: true });
