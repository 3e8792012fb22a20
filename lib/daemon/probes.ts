// Whether a server answers: checks for `supervise`.
import { connect } from 'node:net';
import { integer, text } from '../mistakes.js';
import type { Check } from './supervisor.js';

const LAST_PORT = 65_535;

/**
 * A check that connects to a port.
 *
 * @param port 1 to 65,535
 */
export function answersTcp(port: number, host = '127.0.0.1'): Check {
  integer('port', port, 1, LAST_PORT);
  text('host', host);
  return ({ signal }) =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port, host, signal });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
    });
}

/** A check that gets a URL: every status but those of errors, 400 and more, is an answer. */
export function answersHttp(url: string | URL): Check {
  const { href } = new URL(url);
  return async ({ signal }) => {
    const response = await fetch(href, { signal, redirect: 'manual', headers: { connection: 'close' } });
    await response.body?.cancel();
    if (response.status >= 400) throw new Error(`status ${response.status}`);
  };
}
