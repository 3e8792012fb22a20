// A server whose upgrade fails: what it executes is no server. Its log goes to stdout.
import { createServer } from 'node:http';
import { prefork } from 'truefork/prefork';

const command = { argv: ['false'], cwd: '/', env: process.env };
const master = await prefork(createServer(), { host: '127.0.0.1', workers: 1, command, log: console.log });
console.log('up');
await master.upgrade().catch(({ code, message }) => console.log(code, message));
