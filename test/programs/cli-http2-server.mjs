// A server of http2 for `truefork serve`.
import { createServer } from 'node:http2';

export default createServer((request, response) => response.end(`h2 server of ${request.url}\n`));
