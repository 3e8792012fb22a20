// The HTTP/2 sessions of a worker: what is asked on them, and how they end without a stream being lost.
import type { Http2SecureServer, Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';

// How long a client may be silent that has not closed its end of a connection whose session has ended, in milliseconds.
const LINGER = 5_000;

type Http2 = Http2Server | Http2SecureServer;

/** Whether it is a server of `http2`. That module is not loaded to find out: it has no class to compare with either. */
export function isHttp2(server: Server): server is Http2 {
  return 'updateSettings' in server;
}

interface Use {
  /** How many streams there are whose response has not been given yet. */
  open: number;
  /** Whether there has ever been one. */
  used: boolean;
}

/**
 * A session ends with GOAWAY, which names the last stream that the server has taken, and when its streams have: RFC 9113, 6.8.
 * What a client has sent meanwhile it knows not to be processed, and may send again elsewhere. Node has no way to take it
 * nevertheless: after a GOAWAY with any number, 2^31 - 1 too, it ignores new streams. So a session gets its GOAWAY while a
 * stream waits for its response, where it can: a client that waits for an answer has sent nothing that would be refused.
 */
export class Sessions {
  readonly #server: Http2;
  readonly #onRequest: () => void;
  readonly #sessions = new Map<ServerHttp2Session, Use>();
  #ending: 'with a stream' | 'at once' | undefined;

  /** @param onRequest is called for each stream that a client opens */
  constructor(server: Http2, onRequest: () => void) {
    this.#server = server;
    this.#onRequest = onRequest;
    server.on('session', this.#onSession);
    // Before the program's own listener, which may answer at once.
    server.prependListener('stream', this.#onStream);
  }

  /** The server is as it was. */
  close(): void {
    this.#server.off('session', this.#onSession);
    this.#server.off('stream', this.#onStream);
  }

  /**
   * Ends each session with the streams that are open on it, or with its next one.
   *
   * @param used whether those end at once that have had a stream and have none open
   */
  end({ used }: { used: boolean }): void {
    this.#ending = 'with a stream';
    for (const [session, use] of this.#sessions) if (use.open > 0 || (used && use.used)) finish(session);
  }

  /** Ends those too that wait for a stream. */
  endIdle(): void {
    this.#ending = 'at once';
    for (const session of this.#sessions.keys()) finish(session);
  }

  /** Sessions go on, when all that there were have ended. */
  renew(): void {
    this.#ending = undefined;
  }

  readonly #onSession = (session: ServerHttp2Session) => {
    this.#sessions.set(session, { open: 0, used: false });
    session.once('close', () => this.#sessions.delete(session));
    if (this.#ending === 'at once') finish(session);
  };

  readonly #onStream = (stream: ServerHttp2Stream) => {
    this.#onRequest();
    const { session } = stream;
    const use = session && this.#sessions.get(session as ServerHttp2Session);
    if (!use) return;
    use.used = true;
    use.open++;
    let isGiven = false;
    // When its end is on the way, the client may send the next.
    const given = () => {
      if (!isGiven) use.open--;
      isGiven = true;
    };
    stream.once('finish', given).once('close', given);
    if (this.#ending) finish(session);
  };
}

function finish(session: ServerHttp2Session | NonNullable<ServerHttp2Stream['session']>): void {
  if (session.closed || session.destroyed) return;
  // Node waits for the client to close its end, too; reads until then, so that what it has sent is not answered with a reset
  // that would take the last response from it; and waits for ever, if the client is not there any more.
  session.socket.once('finish', function (this: Socket) {
    this.setTimeout(LINGER, () => this.destroy());
  });
  session.close();
}
