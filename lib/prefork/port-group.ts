// A listening socket for each place, all on one port: an SO_REUSEPORT group that the master makes and keeps.
import {
  close,
  getsockopt,
  IPPROTO_TCP,
  isPosixError,
  listen,
  setsockopt,
  SO_ATTACH_REUSEPORT_CBPF,
  SO_REUSEPORT,
  SOL_SOCKET,
  TCP_INFO,
} from '../posix/index.js';
import type { ServerAddress } from './address.js';
import { socketNames, type NamedSocket } from './inherited-sockets.js';
import type { Listener } from './listener.js';
import { now } from './place.js';
import { addressOf, boundSocket } from './tcp-socket.js';

// How long a handshake may take that had begun before its place was given up, in milliseconds: with one answer that is lost,
// and sent again after a second.
const HANDSHAKE = 2_000;
// How long a worker is given to accept what waits in its queue, before the next look, in milliseconds.
const LOOK = 50;

/**
 * The kernel gives each connection to the socket of one place, whose worker accepts it: no other is woken. A worker that
 * takes another's place listens on the same socket, so that the connections which wait there are its own.
 *
 * When a socket of such a group is closed, the connections that wait in its queue are reset, and so are those whose handshake
 * is under way (unless net.ipv4.tcp_migrate_req is set, which is not for a program to set). So a place that is given up gets
 * no more connections, by a program that says which socket gets one, and its worker accepts what had begun by then. The
 * socket stays: molds have copies of it, for when there are more places again.
 */
export class PortGroup implements Listener {
  readonly address: ServerAddress;
  readonly #host: string;
  readonly #port: number;
  readonly #backlog: number;
  /** By their places, in the order in which the kernel counts them: that in which they began to listen. */
  readonly #sockets: number[];
  /** Whether it says where connections go: or another master does that still serves. */
  #steers: boolean;
  /** Those of places from here on get no connections. */
  #places = 1;
  /** When the last was given up, of a clock that is not set, in milliseconds. */
  #givenUp = 0;

  /**
   * @param sockets that listen
   * @param plan the host is in numbers; `steers`: whether the sockets are this master's, or another's that still serves
   */
  constructor(sockets: number[], { host, backlog, steers }: { host: string; backlog: number; steers: boolean }) {
    this.#sockets = sockets;
    this.#host = host;
    this.#backlog = backlog;
    this.#steers = steers;
    const address = addressOf(sockets[0] ?? -1);
    this.address = address;
    this.#port = address.port;
    this.#steer();
  }

  /**
   * The first of the sockets.
   *
   * @param host in numbers
   * @throws {PosixError} EADDRINUSE: somebody listens on the port, be it with SO_REUSEPORT or not
   */
  static make(host: string, port: number, backlog: number): PortGroup {
    // Without the option, which would let it join the group of another server. With it from then on, others can join.
    const fd = boundSocket(host, port);
    try {
      setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
      listen(fd, backlog);
      return new PortGroup([fd], { host, backlog, steers: true });
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  open(place: number, make: boolean): void {
    while (make && this.#sockets.length <= place && this.#grow());
    if (place < this.#places || place >= this.#sockets.length) return;
    this.#places = place + 1;
    this.#steer();
  }

  socketOf(place: number): number {
    return this.#sockets[place % this.#sockets.length] ?? -1;
  }

  giveUp(places: number): void {
    // The first stays: with no worker left, connections wait.
    this.#places = Math.min(Math.max(1, places), this.#sockets.length);
    this.#givenUp = now();
    this.#steer();
  }

  patience(place: number): number {
    const fd = this.#sockets[place];
    // It is nobody's any more; or, if there are more places again, somebody else's.
    if (fd === undefined || place < this.#places) return 0;
    const left = this.#givenUp + HANDSHAKE - now();
    if (left > 0) return Math.ceil(left);
    return waiting(fd) > 0 ? LOOK : 0;
  }

  sockets(): readonly NamedSocket[] {
    return this.#sockets.map((fd) => ({ fd, name: socketNames.group }));
  }

  handOver(): void {
    this.#steers = false;
  }

  takeOver(): void {
    this.#steers = true;
    this.#steer();
  }

  close(): void {
    for (const fd of this.#sockets.splice(0)) close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Makes one more. False: this process may not, since another user has made the first; workers share those that there are. */
  #grow(): boolean {
    try {
      this.#sockets.push(this.#another());
      return true;
    } catch (error) {
      if (this.#steers || !(isPosixError(error, 'EADDRINUSE') || isPosixError(error, 'EACCES'))) throw error;
      return false;
    }
  }

  #another(): number {
    const fd = boundSocket(this.#host, this.#port, true);
    try {
      listen(fd, this.#backlog);
      return fd;
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /** Connections go to the first places. */
  #steer(): void {
    if (!this.#steers) return;
    const [first = -1] = this.#sockets;
    setsockopt(first, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, oneOf(this.#places));
  }
}

/** How many connections wait to be accepted. */
function waiting(fd: number): number {
  const unacked = 24; // Where tcpi_unacked is in struct tcp_info, which of a socket that listens tells this.
  const info = new DataView(new ArrayBuffer(unacked + 4));
  getsockopt(fd, IPPROTO_TCP, TCP_INFO, new Uint8Array(info.buffer));
  return info.getUint32(unacked, true);
}

/** A program that answers a random number less than this: A = random; A %= count; return A. <linux/bpf_common.h> */
function oneOf(count: number): Uint8Array {
  const RANDOM = 0xffff_f000 + 56; // SKF_AD_OFF + SKF_AD_RANDOM
  const instructions: [code: number, k: number][] = [
    [0x20, RANDOM], // BPF_LD | BPF_W | BPF_ABS
    [0x94, count], // BPF_ALU | BPF_MOD | BPF_K
    [0x16, 0], // BPF_RET | BPF_A
  ];
  const words = new Uint32Array(2 * instructions.length);
  const codes = new Uint16Array(words.buffer);
  for (const [n, [code, k]] of instructions.entries()) {
    codes[4 * n] = code;
    words[2 * n + 1] = k;
  }
  return new Uint8Array(words.buffer);
}
