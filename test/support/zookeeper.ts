// ZooKeeper servers for tests: real ones, of Debian's package, each a process of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';

// Netty is for TLS; the manifest of Debian's zookeeper.jar leaves out one of its parts.
const jars = ['zookeeper.jar', 'slf4j-simple.jar', 'netty-codec.jar'];
const classPath = jars.map((jar) => `/usr/share/java/${jar}`).join(':');
const javaFlags = ['-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

// How often a server is asked whether it serves yet, in milliseconds.
const interval = 20;

// How long a server may take to answer that; one that is stopped never does. In milliseconds.
const patience = 2000;

// How long a server may take to serve, in milliseconds: a second, and much more only if it never will.
const startPatience = 60_000;

/** The sessions of a server have a timeout of 2 to 300 of its ticks, in milliseconds. */
const tick = 200;

/** So many ports of 127.0.0.1 that nobody listens on. */
async function freePorts(count: number): Promise<number[]> {
  const holders = await Promise.all(
    Array.from({ length: count }, async () => {
      const holder = createServer().listen(0, '127.0.0.1');
      await once(holder, 'listening');
      return holder;
    }),
  );
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => once(holder.close(), 'close')));
  return ports;
}

interface ServerOptions {
  /** Further lines of its configuration. */
  config?: string[];
  /** Further system properties, as `name=value`. */
  properties?: string[];
}

/** Where a server is. */
interface Place {
  /** The address that it is connected to at; 127.0.0.1 if absent. */
  host?: string;
  /** A command to run it by: its words come before those of the server's. */
  by?: string[];
}

/** A server, with its data in a directory of its own. */
export class ZooKeeperServer {
  readonly port: number;
  readonly host: string;
  readonly directory: string;
  readonly #properties: string[];
  readonly #by: string[];
  #process: ChildProcess | undefined;

  constructor(
    port: number,
    directory: string,
    { config = [], properties = [], host = '127.0.0.1', by = [] }: ServerOptions & Place,
  ) {
    this.port = port;
    this.host = host;
    this.directory = directory;
    this.#properties = properties;
    this.#by = by;
    mkdirSync(this.#data, { recursive: true });
    const lines = [`tickTime=${tick}`, 'initLimit=50', 'syncLimit=10', `dataDir=${this.#data}`];
    const limits = ['maxClientCnxns=0', `minSessionTimeout=${2 * tick}`, 'maxSessionTimeout=60000'];
    const service = ['admin.enableServer=false', '4lw.commands.whitelist=*'];
    writeFileSync(join(directory, 'zoo.cfg'), [...lines, ...limits, ...service, ...config, ''].join('\n'));
  }

  get #data(): string {
    return join(this.directory, 'data');
  }

  /** Where clients connect to. */
  get address(): string {
    return `${this.host}:${this.port}`;
  }

  /** Its process. */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the server is not running');
    return pid;
  }

  get isRunning(): boolean {
    return this.#process?.exitCode === null && this.#process.signalCode === null;
  }

  /** Starts the process; again after it has ended. */
  launch(): void {
    const properties = ['zookeeper.jmx.log4j.disable=true', 'org.slf4j.simpleLogger.defaultLogLevel=error'];
    const defines = [...properties, ...this.#properties].map((property) => `-D${property}`);
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    const java = ['java', ...javaFlags, ...defines, '-cp', classPath, main, './zoo.cfg'];
    // setpriv(1) becomes java, and has the kernel end it with this process, however that ends.
    const [command = '', ...args] = [...this.#by, 'setpriv', '--pdeathsig', 'KILL', ...java];
    this.#process = spawn(command, args, {
      cwd: this.directory,
      detached: true,
      stdio: 'ignore',
    });
  }

  /** Waits until it serves: a server says `imok` before that, and without a quorum, but has no mode. */
  async serving(): Promise<void> {
    const deadline = performance.now() + startPatience;
    while (!(await this.isServing())) {
      if (!this.isRunning) throw new Error('the server has ended');
      if (performance.now() > deadline) throw new Error('the server does not serve');
      await rest(interval);
    }
  }

  /** Waits until it does not. */
  async idle(): Promise<void> {
    while (await this.isServing()) await rest(interval);
  }

  async isServing(): Promise<boolean> {
    return (await this.#ask('srvr')).includes('Mode:');
  }

  async isLeader(): Promise<boolean> {
    return (await this.#ask('srvr')).includes('Mode: leader');
  }

  /** The ids of the sessions that are connected to it, in hexadecimal, and the connections. */
  async connections(): Promise<string> {
    return this.#ask('cons');
  }

  /** Sends its process a signal. */
  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends its process, as a crash does. */
  async end(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    this.#process = undefined;
    const exit = once(process, 'exit');
    if (process.kill('SIGKILL')) await exit;
  }

  /** Ends its process and starts it again, on the same data. */
  async restart(): Promise<void> {
    await this.end();
    this.launch();
    await this.serving();
  }

  /** Deletes all its data; the process must have ended. */
  wipe(): void {
    rmSync(join(this.#data, 'version-2'), { recursive: true, force: true });
  }

  /** Ends it and deletes its directory. */
  async destroy(): Promise<void> {
    await this.end();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10 });
  }

  // A four-letter word; nothing if there is no answer.
  #ask(word: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      // Not ended: a server on Netty would not answer then. It ends the connection itself.
      const socket = connect(this.port, this.host, () => socket.write(word));
      socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
      socket.on('error', () => undefined);
      socket.setTimeout(patience, () => socket.destroy());
      socket.on('close', () => {
        resolve(answer);
      });
    });
  }
}

function directory(): string {
  return mkdtempSync(join(tmpdir(), 'truefork-zookeeper-'));
}

// Between the choice of a port and its use, somebody else may take it: then it is tried once more.
async function tried<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch {
    return start();
  }
}

/** Starts one server that stands alone. */
export function startServer({ config = [], properties = [] }: ServerOptions = {}): Promise<ZooKeeperServer> {
  return tried(async () => {
    const [port = 0] = await freePorts(1);
    const listen = [`clientPort=${port}`, 'clientPortAddress=127.0.0.1'];
    const server = new ZooKeeperServer(port, directory(), { config: [...listen, ...config], properties });
    server.launch();
    return ready(server, [server]);
  });
}

/** Waits until all serve; if one ends before, there is none. */
async function ready<T>(whole: T, servers: readonly ZooKeeperServer[]): Promise<T> {
  try {
    await Promise.all(servers.map((server) => server.serving()));
    return whole;
  } catch (error) {
    await Promise.all(servers.map((server) => server.destroy()));
    throw error;
  }
}

/** Three servers that are one service. */
export class Ensemble {
  readonly servers: readonly ZooKeeperServer[];

  constructor(servers: readonly ZooKeeperServer[]) {
    this.servers = servers;
  }

  /** The connect string of all. */
  get hosts(): string {
    return this.servers.map(({ address }) => address).join(',');
  }

  server(address: string | undefined): ZooKeeperServer {
    const found = this.servers.find((server) => server.address === address);
    if (!found) throw new Error(`no server at ${address ?? 'undefined'}`);
    return found;
  }

  async leader(): Promise<ZooKeeperServer> {
    for (;;) {
      for (const server of this.servers) if (await server.isLeader()) return server;
      await rest(interval);
    }
  }

  async destroy(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.destroy()));
  }
}

/** Where a member of an ensemble is. */
interface Seat extends Place {
  host: string;
  ports: { quorum: number; election: number; client: number };
}

/** Starts an ensemble with these members. */
export function startEnsembleAt(seats: readonly Seat[]): Promise<Ensemble> {
  const members = seats.map(({ host, ports: { quorum, election, client } }, i) => {
    return `server.${i + 1}=${host}:${quorum}:${election};${host}:${client}`;
  });
  const config = ['standaloneEnabled=false', 'reconfigEnabled=false', ...members];
  const servers = seats.map(({ host, ports, by = [] }, i) => {
    const server = new ZooKeeperServer(ports.client, directory(), { config, host, by });
    writeFileSync(join(server.directory, 'data', 'myid'), `${i + 1}\n`);
    server.launch();
    return server;
  });
  return ready(new Ensemble(servers), servers);
}

/** Starts an ensemble of three, on ports of 127.0.0.1. */
export function startEnsemble(): Promise<Ensemble> {
  return tried(async () => {
    const free = await freePorts(9);
    const seats = [0, 3, 6].map((first) => {
      const [quorum = 0, election = 0, client = 0] = free.slice(first);
      return { host: '127.0.0.1', ports: { quorum, election, client } };
    });
    return startEnsembleAt(seats);
  });
}
