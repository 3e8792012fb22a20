// Which of several servers gets a call.

/** What a balancer looks at. */
interface Loaded {
  /** How many calls it has. */
  readonly load: number;
}

type Choose = <Server extends Loaded>(servers: readonly Server[], turn: number) => Server | undefined;

function anyOf(count: number): number {
  return Math.floor(Math.random() * count);
}

/** By their names. `turn` counts the calls. */
export const balancers = {
  /** Any of them, as the booklet's client does. */
  random: (servers) => servers[anyOf(servers.length)],
  /** One after the other. */
  roundRobin: (servers, turn) => servers[turn % servers.length],
  /** Of two at random the one that has fewer calls: a server that is slow gets fewer, and no crowd runs to the idlest. */
  p2c: (servers) => {
    const first = anyOf(servers.length);
    if (servers.length < 2) return servers[first];
    // Another one: the first counts no more.
    const second = (first + 1 + anyOf(servers.length - 1)) % servers.length;
    const [one, other] = [servers[first], servers[second]];
    return one && other && other.load < one.load ? other : one;
  },
} as const satisfies Record<string, Choose>;

/** How a client chooses the server of a call: `'roundRobin'`, in turn; `'p2c'`, of two at random the one that has fewer calls. */
export type BalancerName = keyof typeof balancers;
