// What all of Node.js that is measured serves: the application that APPLICATION names. Each process that accepts
// connections adds its pid to the file LISTENING.
import { appendFileSync } from 'node:fs';
import { application } from './application.mjs';

export default async function served() {
  const server = await application(process.env.APPLICATION);
  return server.on('listening', () => appendFileSync(process.env.LISTENING, `${process.pid}\n`));
}
