// What an operator sees of a family: one description of it, for `truefork status`, `truefork top`, the status page and the
// metrics alike.
import { atfork, type ProcessMemory } from '../posix/index.js';
import type { ServerAddress } from './address.js';
import { MOLD, type MoldStatus, type WorkerState, type WorkerStatus } from './cell.js';
import { tenths } from './common.js';
import { History, type HistoryEvent } from './history.js';
import { keptOf, type Note } from './log.js';
import { now } from './place.js';
import { RATE_INTERVAL, Rates } from './rates.js';
import { Resources, type CpuUse } from './resources.js';
import type { Scoreboard } from './scoreboard.js';

/** A process of a family that is not the master; or, without a process, a place that waits for one. */
export interface ProcessStatus {
  /** A mold serves nothing: workers are forked from it. */
  readonly role: 'worker' | 'mold';
  /** Its place, from 0. While one is replaced, two processes have the same. Of a mold, -1. */
  readonly worker: number;
  /** Null: the last one has ended, and the next one is not forked yet. */
  readonly pid: number | null;
  /** 1 for the first workers, and one more after each reload and each refork. */
  readonly generation: number;
  /** `stopped`: by SIGSTOP or a debugger, whatever it was doing. `waiting`: there is no process. */
  readonly state: WorkerState | 'stopped' | 'waiting';
  /** Since when it is booting, ready, stopping or waiting, in milliseconds of the epoch. */
  readonly since: number;
  /** When it was forked, in milliseconds of the epoch. Of a place that waits, as `since`. */
  readonly forkedAt: number;
  /** When it was last given a request or a connection, in milliseconds of the epoch; as `since`, if never, and of a mold. */
  readonly activeAt: number;
  /** Requests that this process was given; of a mold, while it was a worker. */
  readonly requests: number;
  /** Per second, in the last five seconds. */
  readonly requestsPerSecond: number;
  /** Connections that it has open. */
  readonly connections: number;
  /** How late its event loop is, or was at worst, in milliseconds; that fades, by half in ten seconds. */
  readonly lag: number;
  /** In bytes. It may be some seconds old: to tell it is not for nothing. Null: it is not known. */
  readonly memory: ProcessMemory | null;
  /** How much of a processor it uses; null: it is not known. */
  readonly cpu: CpuUse | null;
  /** Of the place: how often its worker has ended and nobody had asked for it. */
  readonly restarts: number;
  /** Of the place: requests that went to processes which have ended, or are molds now. */
  readonly pastRequests: number;
  /** Of the place: processor time of processes which have ended or become molds, as far as it was looked at, in milliseconds. */
  readonly pastCpuTime: number;
}

/** A family, as its master describes it. Its JSON is the same. */
export type MasterStatus = ServerAddress & FamilyDescription;

/** @inline */
interface FamilyDescription {
  /** Its pid. */
  readonly master: number;
  /** Since when the master runs the family, in milliseconds of the epoch. */
  readonly since: number;
  /** When this was so, in milliseconds of the epoch. */
  readonly time: number;
  /** 1 for the first workers, and one more after each reload and each refork. */
  readonly generation: number;
  /** How many workers there shall be. */
  readonly wanted: number;
  /** Whether all workers are being replaced, and how. */
  readonly replacing: 'reload' | 'refork' | null;
  readonly stopping: 'graceful' | 'quick' | null;
  /** Of all processes, those that have ended included. */
  readonly totals: {
    readonly requests: number;
    /** In the last five seconds. */
    readonly requestsPerSecond: number;
    /** That are open. */
    readonly connections: number;
    /** Of workers: and exits likewise. */
    readonly forks: number;
    readonly exits: number;
    /** Exits that nobody had asked for. */
    readonly restarts: number;
    /** Workers and molds that were killed, by the reason. */
    readonly kills: Readonly<Record<string, number>>;
    /** Workers that were replaced because they had reached a limit, by the reason. */
    readonly recycles: Readonly<Record<string, number>>;
    /** What the family takes, in bytes: each page once. Null: it is not known of all. */
    readonly memory: number | null;
  };
  /** Of the master itself. */
  readonly memory: ProcessMemory | null;
  readonly cpu: CpuUse | null;
  /** Requests per second in each second of the last five minutes, the latest last. */
  readonly rates: readonly number[];
  /** The processes that workers are forked from, if it is not the master; more than one while they change. */
  readonly molds: readonly ProcessStatus[];
  readonly workers: readonly ProcessStatus[];
  /** What has happened in the last hour, by the time. */
  readonly events: readonly HistoryEvent[];
  /** Events that there was no room for: the oldest. */
  readonly forgotten: number;
}

/** What only the master knows. */
type View = Pick<MasterStatus, 'generation' | 'wanted' | 'replacing' | 'stopping'>;

interface Sources {
  readonly address: ServerAddress;
  readonly scoreboard: Scoreboard;
  /** How often a worker tells that its event loop turns, in milliseconds. */
  readonly beat: number;
  readonly view: () => View;
}

// Who asks within this time gets the same answer, in milliseconds, if nothing has happened.
const FRESH = 200;

/** Keeps what has happened, and describes the family. */
export class Reporter {
  readonly #sources: Sources;
  readonly #since = Date.now();
  readonly #history = new History();
  readonly #rates = new Rates();
  readonly #resources = new Resources();
  readonly #counts = { fork: 0, exit: 0 };
  readonly #kills: Record<string, number> = {};
  readonly #recycles: Record<string, number> = {};
  /** By the place. */
  readonly #restarts = new Map<number, number>();
  readonly #pastCpuTime = new Map<number, number>();
  readonly #emptySince = new Map<number, number>();
  /** When each process was forked, by its pid: in milliseconds of the epoch for people, and by `now()` for what is reckoned. */
  readonly #born = new Map<number, { readonly epoch: number; readonly at: number }>();
  #timer: NodeJS.Timeout | undefined;
  #forgetFork: () => void = () => undefined;
  #latest: { readonly at: number; readonly status: Promise<MasterStatus> } | undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Begins to count requests. */
  open(): void {
    this.#count();
    this.#timer = setInterval(() => {
      this.#count();
    }, RATE_INTERVAL).unref();
    this.#forgetFork = atfork({
      child: () => {
        this.close();
      },
    });
  }

  /** In the master, and in each child that it forks. */
  close(): void {
    clearInterval(this.#timer);
    this.#resources.close();
    this.#forgetFork();
  }

  /** Something has happened. */
  readonly note: Note = (name, subject = {}, fields = {}) => {
    const kept = keptOf(name, fields);
    if (!kept) return;
    const { kind, detail = '' } = kept;
    const time = Date.now();
    const { worker, pid, asked } = subject;
    this.#latest = undefined;
    this.#history.add(kind, { ...subject, ...(kept.detail !== undefined && { detail }) }, time);
    if (kind === 'fork' || kind === 'exit') this.#counts[kind]++;
    if (kind === 'kill') this.#kills[detail] = (this.#kills[detail] ?? 0) + 1;
    if (kind === 'recycle') this.#recycles[detail] = (this.#recycles[detail] ?? 0) + 1;
    if (pid === undefined || worker === undefined) return;
    if (kind === 'fork' || kind === 'mold fork') this.#born.set(pid, { epoch: time, at: now() });
    if (kind === 'exit' || kind === 'mold exit') this.#born.delete(pid);
    if (kind !== 'exit') return;
    this.#keepCpuTime(pid, worker);
    this.#emptySince.set(worker, time);
    if (!asked) this.#restarts.set(worker, (this.#restarts.get(worker) ?? 0) + 1);
  };

  /** A worker has become a mold: what it has computed until now was its place's. */
  promoted(pid: number, worker: number): void {
    this.#latest = undefined;
    this.#keepCpuTime(pid, worker);
  }

  #keepCpuTime(pid: number, worker: number): void {
    this.#pastCpuTime.set(worker, (this.#pastCpuTime.get(worker) ?? 0) + (this.#resources.cpu(pid)?.time ?? 0));
  }

  /** Whether one worker at least accepts connections, and will go on. */
  get healthy(): boolean {
    const { scoreboard, view } = this.#sources;
    return view().stopping === null && scoreboard.status().some(({ state }) => state === 'ready');
  }

  /** The family as it is now, or was a moment ago. */
  status(): Promise<MasterStatus> {
    const at = now();
    if (!this.#latest || at - this.#latest.at > FRESH) this.#latest = { at, status: this.#describe() };
    return this.#latest.status;
  }

  #count(): void {
    const { scoreboard } = this.#sources;
    const processes = [...scoreboard.molds(), ...scoreboard.status()];
    this.#rates.count(now(), this.#requests(processes), processes);
  }

  #requests(processes: readonly { readonly requests: number }[]): number {
    return processes.reduce((sum, { requests }) => sum + requests, this.#sources.scoreboard.allPastRequests);
  }

  async #describe(): Promise<MasterStatus> {
    const { address, scoreboard, view } = this.#sources;
    const resources = this.#resources;
    const { pid: master } = process;
    // The master was born when that clock began.
    await resources.look(new Map([[master, 0], ...[...this.#born].map(([pid, { at }]) => [pid, at] as const)]));
    const time = Date.now();
    const [molds, processes] = [scoreboard.molds(), scoreboard.status()];
    const parts = [master, ...this.#born.keys()].map((pid) => resources.memory(pid)?.proportional);
    return {
      master,
      ...address,
      since: this.#since,
      time,
      ...view(),
      totals: {
        requests: this.#requests([...molds, ...processes]),
        requestsPerSecond: tenths(this.#rates.family),
        connections: processes.reduce((sum, { connections }) => sum + connections, 0),
        forks: this.#counts.fork,
        exits: this.#counts.exit,
        restarts: [...this.#restarts.values()].reduce((sum, restarts) => sum + restarts, 0),
        kills: this.#kills,
        recycles: this.#recycles,
        memory: parts.reduce<number | null>((sum, part) => (sum === null || part === undefined ? null : sum + part), 0),
      },
      memory: resources.memory(master),
      cpu: resources.cpu(master),
      rates: this.#rates.record.map(tenths),
      molds: molds.map((status) => this.#mold(status)),
      workers: [...processes.map((status) => this.#process(status, time)), ...this.#waiting(processes)].sort(
        (a, b) => a.worker - b.worker || a.generation - b.generation || a.forkedAt - b.forkedAt,
      ),
      events: this.#history.events(time),
      forgotten: this.#history.forgotten,
    };
  }

  #process({ turnedAt, ...status }: WorkerStatus, time: number): ProcessStatus {
    const { worker, pid, state, since, lag } = status;
    const resources = this.#resources;
    return {
      role: 'worker',
      ...status,
      state: resources.stopped(pid) ? 'stopped' : state,
      forkedAt: this.#born.get(pid)?.epoch ?? since,
      requestsPerSecond: tenths(this.#rates.of(pid)),
      // One that hangs does not tell by how much.
      lag: tenths(Math.max(lag, time - turnedAt - this.#sources.beat)),
      memory: resources.memory(pid),
      cpu: resources.cpu(pid),
      ...this.#place(worker),
    };
  }

  #mold(status: MoldStatus): ProcessStatus {
    const { pid, state, since } = status;
    const resources = this.#resources;
    return {
      role: 'mold',
      worker: MOLD,
      ...status,
      state: resources.stopped(pid) ? 'stopped' : state,
      forkedAt: this.#born.get(pid)?.epoch ?? since,
      activeAt: since,
      requestsPerSecond: 0,
      connections: 0,
      lag: 0,
      memory: resources.memory(pid),
      cpu: resources.cpu(pid),
      ...this.#place(MOLD),
    };
  }

  /** Places that have no process. */
  #waiting(processes: readonly WorkerStatus[]): ProcessStatus[] {
    const { generation, wanted } = this.#sources.view();
    const taken = new Set(processes.map(({ worker }) => worker));
    const empty = Array.from({ length: wanted }, (_, worker) => worker).filter((worker) => !taken.has(worker));
    return empty.map((worker) => {
      const since = this.#emptySince.get(worker) ?? this.#since;
      return {
        role: 'worker',
        worker,
        pid: null,
        generation,
        state: 'waiting',
        since,
        forkedAt: since,
        activeAt: since,
        requests: 0,
        requestsPerSecond: 0,
        connections: 0,
        lag: 0,
        memory: null,
        cpu: null,
        ...this.#place(worker),
      };
    });
  }

  #place(worker: number): Pick<ProcessStatus, 'restarts' | 'pastRequests' | 'pastCpuTime'> {
    return {
      restarts: this.#restarts.get(worker) ?? 0,
      pastRequests: this.#sources.scoreboard.pastRequests(worker),
      pastCpuTime: this.#pastCpuTime.get(worker) ?? 0,
    };
  }
}
