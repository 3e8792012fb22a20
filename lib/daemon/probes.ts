// Whether a server answers: checks for `supervise`.
import { connect } from 'node:net';
import { integer, text, wrongValue } from '../mistakes.js';
import type { Check } from './supervisor.js';

const LAST_PORT = 65_535;

/**
 * A check that connects to a port.
 *
 * @param port 1 to 65,535
 * @param host a name or an address. Default `127.0.0.1`
 * @throws {TypeError | RangeError} an argument that cannot be
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

/**
 * A check that gets a URL: every status but those of errors, 400 and more, is an answer.
 *
 * @param url of `http:` or `https:`
 * @throws {TypeError} ERR_INVALID_URL: it is none; ERR_INVALID_ARG_VALUE: it is of something else
 */
export function answersHttp(url: string | URL): Check {
  const { href, protocol } = new URL(url);
  if (!/^https?:$/.test(protocol)) throw wrongValue('url', 'must be of http: or https:', href);
  return async ({ signal }) => {
    const response = await get(href, signal);
    await response.body?.cancel();
    if (response.status >= 400) throw new Error(`status ${response.status}`);
  };
}

async function get(href: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(href, { signal, redirect: 'manual', headers: { connection: 'close' } });
  } catch (error) {
    throw new Error(reasonOf(error as Error), { cause: error });
  }
}

// That it failed is all that fetch() says itself. A name with several addresses has a cause for each.
function reasonOf({ message, cause }: Error): string {
  if (cause instanceof AggregateError) return cause.errors.map((each) => (each as Error).message).join(', ');
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
