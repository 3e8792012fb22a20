// HTTP/2 clients that know which session they are on, and what becomes of each stream.
import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ca = readFileSync(join(__dirname, 'fixtures', 'certificate.pem'));

const open = new Set<ClientHttp2Session>();

afterEach(() => {
  for (const session of open) session.destroy();
});

/** A session with a server of prefork-http2.mjs. */
export async function openSession(port: number, { secure = false } = {}): Promise<ClientHttp2Session> {
  const session = connect(`${secure ? 'https' : 'http'}://127.0.0.1:${port}`, { ca });
  open.add(session);
  session.once('close', () => open.delete(session)).on('error', () => undefined);
  await once(session, 'connect');
  return session;
}

/** A stream whose response waits for the end of its body. */
export function begin(session: ClientHttp2Session, path = '/'): ClientHttp2Stream {
  return session.request({ ':path': path, ':method': 'POST' }, { endStream: false });
}

/** The body of a stream's response: whose worker it is on. */
export async function bodyOf(stream: ClientHttp2Stream): Promise<number> {
  let body = '';
  for await (const part of stream.setEncoding('utf8')) body += String(part);
  if (body === '') throw Object.assign(new Error('the stream has no response'), { code: 'EMPTY' });
  return Number(body);
}

export function get(session: ClientHttp2Session): Promise<number> {
  return bodyOf(session.request());
}

/** Streams one after the other, in so many threads on so many sessions. When a session ends, there is another. */
export class Http2Load {
  /** Streams of which the client knows that no server has taken them, and that it may send again. */
  refused = 0;
  /** What became of the others that had no response, and of sessions that could not be made. */
  readonly lost: unknown[] = [];
  answered = 0;
  readonly #clients: Promise<void>[];
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  constructor(port: number, { secure, sessions, streams }: { secure: boolean; sessions: number; streams: number }) {
    this.#clients = Array.from({ length: sessions }, () => this.#client(port, secure, streams));
  }

  async #client(port: number, secure: boolean, streams: number): Promise<void> {
    while (!this.#stopped) {
      let session: ClientHttp2Session;
      try {
        session = await openSession(port, { secure });
      } catch (error) {
        this.lost.push(error);
        continue;
      }
      await Promise.all(Array.from({ length: streams }, () => this.#use(session)));
      session.close();
    }
  }

  async #use(session: ClientHttp2Session): Promise<void> {
    while (!this.#stopped && !session.closed && !session.destroyed) {
      const stream = session.request();
      try {
        await bodyOf(stream);
        this.answered++;
        for (const look of this.#waiting) look();
      } catch (error) {
        if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) this.refused++;
        else this.lost.push(error);
      }
    }
  }

  /** Fulfilled when so many more have been answered. */
  async more(count: number): Promise<void> {
    const target = this.answered + count;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.answered < target) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
  }
}
