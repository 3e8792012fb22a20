// The servers of an ensemble: how a connect string names them, and in which order they are tried.
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { setTimeout as rest } from 'node:timers/promises';
import { text, wrongValue } from '../mistakes.js';
import { checkPath } from './paths.js';

const defaultPort = 2181;

/** A server as it was named. */
export interface Host {
  readonly name: string;
  readonly port: number;
}

/** An address of it. */
export interface Target extends Host {
  readonly address: string;
}

/** What a connect string says. */
export interface ConnectString {
  readonly hosts: readonly Host[];
  /** The node that all paths are below; empty if there is none. */
  readonly chroot: string;
}

function parseHost(value: string, whole: string): Host {
  const wrong = () => wrongValue('hosts', `must be a list like "a:2181,[::1]:2181/chroot"; "${value}" is none`, whole);
  // Without brackets, an IPv6 address has no port: nobody could tell it from the address.
  if (isIPv6(value)) return { name: value, port: defaultPort };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(value) ?? [];
  const name = bracketed ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (name === undefined || port < 1 || port > 65535) throw wrong();
  if (bracketed !== undefined && !isIPv6(bracketed)) throw wrong();
  return { name, port };
}

/**
 * Reads a connect string: `host[:port][,host[:port]…][/chroot]`, with spaces where one likes, an IPv6 address in
 * brackets. A port that is absent is 2181.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
 * @see https://zookeeper.apache.org/doc/r3.8.0/zookeeperProgrammers.html#ch_zkSessions
 */
export function parseConnectString(value: string): ConnectString {
  text('hosts', value);
  const slash = value.indexOf('/');
  const list = slash === -1 ? value : value.slice(0, slash);
  const chroot = slash === -1 ? '' : value.slice(slash).trim().replace(/\/$/, '');
  if (chroot !== '') checkPath('hosts', chroot);
  const names = list.split(',').map((name) => name.trim());
  const hosts = names.filter((name) => name !== '').map((name) => parseHost(name, value));
  if (hosts.length === 0) throw wrongValue('hosts', 'must name a server', value);
  return { hosts, chroot };
}

/** A host as people write it. */
export function nameOf({ name, port }: Host): string {
  return isIPv6(name) ? `[${name}]:${port}` : `${name}:${port}`;
}

/**
 * The addresses of a host, those of a name in random order: it may stand for a whole ensemble.
 *
 * @param patience how long that may take, in milliseconds: getaddrinfo(3) cannot be cancelled, only no longer waited for
 * @throws {Error} that of getaddrinfo(3), or that it took longer
 */
export async function resolve(host: Host, patience: number): Promise<Target[]> {
  if (isIP(host.name) !== 0) return [{ ...host, address: host.name }];
  const found = await Promise.race([lookup(host.name, { all: true }), rest(patience, undefined, { ref: false })]);
  if (!found) throw new Error(`no address within ${Math.round(patience)} ms`);
  return shuffled(found.map(({ address }) => ({ ...host, address })));
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

/** The order in which hosts are tried. */
export class HostOrder {
  readonly #hosts: readonly Host[];
  readonly #random: boolean;
  #last: Host | undefined;

  constructor(hosts: readonly Host[], random: boolean) {
    this.#hosts = hosts;
    this.#random = random;
  }

  /** All hosts, the one that has failed last at the end. */
  round(): Host[] {
    const hosts = this.#random ? shuffled(this.#hosts) : [...this.#hosts];
    return hosts.sort((a, b) => Number(a === this.#last) - Number(b === this.#last));
  }

  failed(host: Host): void {
    this.#last = this.#hosts.find(({ name, port }) => name === host.name && port === host.port);
  }
}
