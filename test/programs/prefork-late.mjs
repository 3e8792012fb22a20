// The application of a mold that is late: it has forked, and does not go on until somebody writes to the FIFO, its third argument.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { atfork } from 'truefork';

const [, , fifo] = process.argv.slice(2);
atfork({ parent: () => readFileSync(fifo) });
export default createServer((_request, response) => response.end(String(process.pid)));
