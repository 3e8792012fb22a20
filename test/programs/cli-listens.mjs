// An application that listens by itself, where truefork does.
import { createServer } from 'node:http';

export default createServer((request, response) => response.end('alone')).listen(0);
