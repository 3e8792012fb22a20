// What is asked of a server: by wrk, as much as it can answer; or by this process, a number of requests that is known.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * @param options `seconds`: how long; `connections`: how many at a time; `close`: whether each request has a connection of its own;
 * `signal`: an AbortSignal that ends it before its time
 * @returns `requests` that were answered, how many `perSecond`, and how many were `lost`: refused, reset, not answered within
 * 30 seconds, or answered by an error
 */
export async function wrk(port, { seconds, connections = 64, close = false, signal }) {
  const headers = close ? ['--header', 'Connection: close'] : [];
  const options = ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`];
  const args = [...options, '--timeout', '30s', ...headers, `http://127.0.0.1:${port}/`];
  const child = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = () => child.kill('SIGINT');
  signal?.addEventListener('abort', end);
  // It would go on without a server, and without us.
  process.once('exit', end);
  const output = await text(child.stdout);
  process.off('exit', end);
  signal?.removeEventListener('abort', end);
  const number = (pattern) => Number(pattern.exec(output)?.[1] ?? NaN);
  const requests = number(/(\d+) requests in/);
  if (Number.isNaN(requests)) throw new Error(`wrk has printed no result: ${output}`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  const refused = number(/Non-2xx or 3xx responses: (\d+)/) || 0;
  const lost = errors.reduce((sum, count) => sum + Number(count), refused);
  return { requests, perSecond: number(/Requests\/sec: +([\d.]+)/), lost };
}

/** One request on a connection of its own. Answers the pid of the worker. */
export function ask(port) {
  return new Promise((resolve, reject) => {
    let response = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    });
    socket.setEncoding('latin1').on('data', (chunk) => (response += chunk));
    socket.on('error', reject).on('close', () => {
      const body = /^HTTP\/1.1 200 .*?\r\n\r\n(?:[\da-f]+\r\n)?(\d+)/s.exec(response);
      if (body) resolve(Number(body[1]));
      else reject(new Error(`no answer but ${JSON.stringify(response)}`));
    });
  });
}

/** So many requests, each on a connection of its own, 16 at a time. */
export async function askOften(port, total) {
  let left = total;
  const askInTurn = async () => {
    while (left-- > 0) await ask(port);
  };
  await Promise.all(Array.from({ length: 16 }, askInTurn));
}

/** So many requests on 64 connections that stay open. */
export async function askKeepingAlive(port, total) {
  let left = total;
  const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const askInTurn = () =>
    new Promise((resolve, reject) => {
      const next = () => {
        if (left-- > 0) socket.write(request);
        else socket.end();
      };
      const socket = connect(port, '127.0.0.1', next);
      socket.setEncoding('latin1').on('error', reject).on('close', resolve);
      // The responses are small: one comes as a whole.
      socket.on('data', next);
    });
  await Promise.all(Array.from({ length: 64 }, askInTurn));
}

/**
 * So many requests, each on a connection of its own, whether those before have been answered or not.
 *
 * @param rate how many a second
 * @returns of each answer, the `pid` of the worker and how long it took, in milliseconds
 */
export async function askSteadily(port, total, rate) {
  const timed = async () => {
    const begun = performance.now();
    const pid = await ask(port);
    return { pid, time: performance.now() - begun };
  };
  const answers = [];
  const begun = performance.now();
  while (answers.length < total) {
    const due = Math.min(total, ((performance.now() - begun) / 1_000) * rate);
    while (answers.length < due) {
      const answer = timed();
      // One that is lost is heard of below.
      answer.catch(() => undefined);
      answers.push(answer);
    }
    await sleep(1);
  }
  return Promise.all(answers);
}
