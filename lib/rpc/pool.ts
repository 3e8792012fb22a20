import type { Address } from '../discovery/index.js';
import { balancers, type BalancerName } from './balancers.js';
import type { Connection } from './connection.js';
import { Endpoint, type EndpointOptions } from './endpoint.js';

// The share of the servers that may be ejected for their calls at a time: more are no outliers.
const mostEjected = 0.5;

/** The servers of a client, and which of them gets a call. */
export class Pool {
  readonly #options: EndpointOptions;
  readonly #balancer: BalancerName;
  /** By their addresses: two instances of one address are one server. */
  #servers = new Map<string, Endpoint>();
  #list: readonly Endpoint[] = [];
  /** All connections that there are, those to servers that have left the list included. */
  readonly #connections = new Set<Connection>();
  #turn = 0;

  constructor(options: EndpointOptions, balancer: BalancerName) {
    this.#options = options;
    this.#balancer = balancer;
  }

  /** How many servers there are. */
  get size(): number {
    return this.#list.length;
  }

  /** Those that are not in the list any more answer the calls that they have. */
  setList(instances: readonly Address[]): void {
    const before = this.#servers;
    this.#servers = new Map();
    for (const { host, port } of instances) {
      const address = `${host}:${port}`;
      this.#servers.set(address, before.get(address) ?? this.#newEndpoint({ host, port }));
    }
    this.#list = [...this.#servers.values()];
    for (const [address, server] of before) if (!this.#servers.has(address)) server.leave();
  }

  /**
   * The server for a call: one that is available, if there is any; otherwise any, for it might be the network that fails.
   *
   * @param tried servers that it has been sent to in vain: another one is better
   * @returns undefined if the list is empty
   */
  pick(now: number, tried: ReadonlySet<Endpoint> | undefined): Endpoint | undefined {
    const choose = balancers[this.#balancer];
    const turn = this.#turn++;
    const first = choose(this.#list, turn);
    if (first === undefined || (tried === undefined && first.available(now))) return first;
    for (const server of this.#list) server.probe(now);
    const available = this.#list.filter((server) => server.available(now));
    const untried = (servers: readonly Endpoint[]): readonly Endpoint[] =>
      tried === undefined ? servers : servers.filter((server) => !tried.has(server));
    const choices = [untried(available), available, untried(this.#list), this.#list];
    return choose(choices.find((servers) => servers.length > 0) ?? [], turn);
  }

  /** Whether there is an available server that a call has not been sent to. */
  hasOther(now: number, tried: ReadonlySet<Endpoint>): boolean {
    return this.#list.some((server) => !tried.has(server) && server.available(now));
  }

  /** Whether all servers are among these. */
  isWithin(servers: ReadonlySet<Endpoint>): boolean {
    return this.#list.every((server) => servers.has(server));
  }

  /** Fulfilled when every connection is closed, each after its last reply. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.finish();
    await Promise.all([...this.#connections].map(({ closed }) => closed));
  }

  #newEndpoint(instance: Address): Endpoint {
    return new Endpoint(instance, this.#options, {
      opened: (connection) => {
        this.#connections.add(connection);
        void connection.closed.then(() => this.#connections.delete(connection));
      },
      mayEject: (now) => {
        const ejected = this.#list.filter((server) => server.ejected(now)).length;
        return ejected + 1 <= this.#list.length * mostEjected;
      },
    });
  }
}
