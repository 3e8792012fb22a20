// Hosts of a network of their own: network namespaces, each connected to some switches. All of it is in the network namespace
// of this process, and ends with it. ip(8), unshare(1), nsenter(1)
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

const run = (command, ...args) => execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });

/** The address of a host in a network; 254 is this process, which is connected to each. */
export const addressIn = (network, number) => `10.77.${network}.${number}`;

/** Makes a network: a switch. @param network its number */
export function makeNetwork(network) {
  run('ip', 'link', 'add', `net${network}`, 'type', 'bridge');
  run('ip', 'address', 'add', `${addressIn(network, 254)}/24`, 'dev', `net${network}`);
  run('ip', 'link', 'set', `net${network}`, 'up');
}

export class Host {
  /** Makes a host that is connected to these networks. @param number 1 to 253 */
  static async make(number, networks) {
    // A namespace lives as long as a process in it.
    const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec sleep infinity'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const host = new Host(number, holder.pid);
    host.#run('ip', 'link', 'set', 'lo', 'up');
    for (const network of networks) {
      run(
        'ip',
        'link',
        'add',
        host.#port(network),
        'type',
        'veth',
        'peer',
        `eth${network}`,
        'netns',
        String(holder.pid),
      );
      run('ip', 'link', 'set', host.#port(network), 'master', `net${network}`, 'up');
      host.#run('ip', 'address', 'add', `${host.address(network)}/24`, 'dev', `eth${network}`);
      host.#run('ip', 'link', 'set', `eth${network}`, 'up');
    }
    return host;
  }

  constructor(number, holder) {
    this.number = number;
    /** The words of a command that runs another there, with the pid that it has itself. */
    this.by = ['nsenter', `--net=/proc/${holder}/ns/net`];
  }

  address(network) {
    return addressIn(network, this.number);
  }

  /** Pulls the plug: nothing passes between the host and the network any more, and nobody is told. */
  cut(network) {
    run('ip', 'link', 'set', this.#port(network), 'down');
  }

  heal(network) {
    run('ip', 'link', 'set', this.#port(network), 'up');
  }

  /** The host's end of the cable, at the switch. */
  #port(network) {
    return `port${network}.${this.number}`;
  }

  #run(...words) {
    run(...this.by, ...words);
  }
}
