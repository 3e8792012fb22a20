// A server that is told to be executed anew, and in the same moment to stop. Its log goes to stdout.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const command = { argv: process.argv, cwd: process.cwd(), env: { ...process.env } };
const master = await prefork(createServer(), { host: '127.0.0.1', workers: 1, command, log: console.log });
const upgraded = master.upgrade().catch(({ code, message }) => console.log(code, message));
await master.stop();
await upgraded;
