// Asks the status page of a family that logs to stdout.
import { get as httpGet, request, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import type { MasterStatus } from 'truefork/prefork';
import type { Family } from './family';

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The port of its status page, as soon as it has one. */
export async function statusPort(family: Family): Promise<number> {
  return Number((await family.program.printed(/ status host=\S+ port=(\d+)/))[1]);
}

export function ask(port: number, path: string, options: RequestOptions = {}, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = (body === undefined ? httpGet : request)(
      { host: '127.0.0.1', port, path, agent: false, ...options },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
        });
      },
    );
    asked.on('error', reject);
    if (body !== undefined) asked.end(body);
  });
}

export async function statusOf(port: number): Promise<MasterStatus> {
  return JSON.parse((await ask(port, '/status.json')).body) as MasterStatus;
}

/** The first status that is so: it changes with time. */
export async function statusWhen(port: number, is: (status: MasterStatus) => boolean): Promise<MasterStatus> {
  for (;;) {
    const status = await statusOf(port);
    if (is(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
