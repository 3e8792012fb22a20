// The connections that a worker has, and the latest response of each.
import type { OutgoingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Roster, type Listed } from '../roster.js';

/** What a worker knows of one. */
export interface Connection extends Listed {
  /** What has been accepted, or what TLS has made of that. */
  readonly socket: Socket;
  /** Of HTTP/1, if it has had a request: not a listener on each response, which costs. */
  response: OutgoingMessage | undefined;
  /** Its client has been promised that it is kept for a while, which is not over. */
  kept: boolean;
}

const CONNECTION = Symbol('truefork.connection');

type Known = Socket & { [CONNECTION]?: Connection };

/** By their sockets. */
export class Connections {
  readonly #roster = new Roster<Connection>();

  add(socket: Socket): Connection {
    const connection: Connection = { socket, response: undefined, kept: false, place: -1 };
    this.#roster.add(connection);
    (socket as Known)[CONNECTION] = connection;
    return connection;
  }

  delete(connection: Connection): void {
    this.#roster.delete(connection);
    // Nobody needs it, and the connection may be in old space.
    connection.response = undefined;
  }

  of(socket: Socket): Connection | undefined {
    return (socket as Known)[CONNECTION];
  }

  /**
   * Has Node.js close idle connections, but for those that are kept, and those that have not been sent all of their response: to
   * Node.js these are idle as soon as the program has ended the response, and their clients would get a part of it.
   */
  closeIdle(close: () => void): void {
    const spared = [...this.#roster].filter(({ response, kept }) => kept || (response && !response.writableFinished));
    for (const { socket } of spared) socket.destroy = () => socket;
    try {
      close();
    } finally {
      // That of its class is there again.
      for (const { socket } of spared) Reflect.deleteProperty(socket, 'destroy');
    }
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#roster[Symbol.iterator]();
  }
}
