// Hears what is in a FIFO, and answers by the same one: node second.mjs PATH
import { getpid, O_RDWR, open, read, write } from 'truefork';

const fd = open(process.argv[2], O_RDWR);
const buffer = Buffer.alloc(100);
console.log(`second: pid ${getpid()} has heard "${buffer.toString('utf8', 0, read(fd, buffer))}"`);
write(fd, Buffer.from('coffee, please'));
