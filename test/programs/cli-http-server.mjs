// A server, for `truefork serve`.
import { createServer } from 'node:http';

export default createServer((request, response) => response.end(`server of ${request.url}\n`));
