// A server on the Unix socket PATH that is executed anew by itself, and stops as soon as it is told that the new one serves. Its log
// goes to stdout.
import { createServer } from 'node:http';
import { predecessor, prefork } from 'truefork/prefork';

const isNew = predecessor() !== undefined;
const path = process.argv[2];
const command = { argv: process.argv, cwd: process.cwd(), env: { ...process.env } };
const server = createServer((request, response) => response.end(String(process.pid)));
const master = await prefork(server, { path, workers: 1, command, log: console.log });
if (isNew) {
  console.log(`${process.pid} has taken over`);
} else {
  await master.upgrade();
  await master.stop();
}
