// What is between a client and a server: it passes everything on, or nothing, as a network does.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Relay {
  #isCut = false;
  #sockets = new Set();

  static async start(port) {
    const relay = new Relay(port);
    relay.server.listen(0, '127.0.0.1');
    await once(relay.server, 'listening');
    return relay;
  }

  constructor(port) {
    this.server = createServer((client) => {
      if (this.#isCut) {
        client.resetAndDestroy();
        return;
      }
      const server = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [client, server],
        [server, client],
      ]) {
        this.#sockets.add(from);
        from.setNoDelay().pipe(to);
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  get address() {
    return `127.0.0.1:${this.server.address().port}`;
  }

  /** Resets the connections that there are, and those that come. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  heal() {
    this.#isCut = false;
  }

  async close() {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }
}
