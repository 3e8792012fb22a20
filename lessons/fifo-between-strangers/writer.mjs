// Writes some lines to a FIFO: node writer.mjs PATH
import { Fifo } from 'truefork';

const fifo = new Fifo(process.argv[2]); // Makes it if it is not there.
const end = fifo.openWriter(); // Waits until somebody has opened it for reading.
for (const line of ['morning: fog', 'noon: sun', 'evening: rain']) end.write(`${line}\n`);
end.close();
fifo.close();
