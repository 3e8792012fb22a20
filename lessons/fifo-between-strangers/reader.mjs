// Prints what comes out of a FIFO: node reader.mjs PATH
import { Fifo, getpid, getppid, pstree } from 'truefork';

const fifo = new Fifo(process.argv[2]); // Makes it if it is not there.
console.log(`reader:  pid ${getpid()} opens it, and waits for a writer`);
console.log(`${pstree(getppid())}`);
const end = fifo.openReader();
for (const line of end.readText().trim().split('\n')) console.log(`reader:  "${line}"`);
console.log('reader:  the end: there is no writer any more');
end.close();
fifo.close();
