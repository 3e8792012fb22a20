// The application of a mold: it answers with its pid, and with the version that the file of that name in the folder of the second
// argument had when it was loaded. While there is a file `broken` in that folder, workers that are about to listen end. It says
// which process is told last that it ends.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [, , folder] = process.argv.slice(2);
const version = readFileSync(join(folder, 'version'), 'utf8');
const server = createServer((request, response) => {
  response.setHeader('X-Version', version);
  request.resume().once('end', () => response.end(String(process.pid)));
});
const { listen } = server;
server.listen = (...args) => {
  if (existsSync(join(folder, 'broken'))) process.exit(3);
  return listen.apply(server, args);
};
server.on('close', () => console.log(process.pid, 'closes'));
export default server;
