// What truefork serves when it is measured: the application that APPLICATION names. Each process that accepts connections adds its
// pid to the file LISTENING.
import { appendFileSync } from 'node:fs';
import { createAppServer } from 'truefork';
import { application } from './application.mjs';

export default async function served() {
  const server = createAppServer(await application(process.env.APPLICATION));
  return server.on('listening', () => appendFileSync(process.env.LISTENING, `${process.pid}\n`));
}
