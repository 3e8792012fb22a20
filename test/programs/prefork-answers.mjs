// The application of a mold: a server whose workers answer with their pids.
import { createServer } from 'node:http';

export default createServer((_request, response) => response.end(String(process.pid)));
