// What the workers of a family are doing, in memory that they share with the master: a header and one cell a process,
// each on cache lines of its own, each with one writer. It is a file of the user's runtime directory, so that `truefork
// ps` can read it.
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, unlinkSync, constants } from 'node:fs';
import { join } from 'node:path';
import { MAP_ANONYMOUS, MAP_SHARED, mmap, munmap, processStat, PROT_READ, PROT_WRITE } from '../posix/index.js';
import { runtimeDirectory } from '../runtime-directory.js';
import type { Note } from './log.js';
import type { Line } from './orders.js';
import type { ServerAddress } from './address.js';

// In the order of their numbers in a cell, where 0 says that it has no process.
const workerStates = ['booting', 'ready', 'stopping'] as const;

/** What a worker is doing. */
export type WorkerState = (typeof workerStates)[number];

/** A worker, as its cell says. */
export interface WorkerStatus {
  /** Its place, from 0. While one is replaced, two processes have the same. */
  readonly worker: number;
  /** Its process. */
  readonly pid: number;
  /** 1 for the first workers, and one more after each refork. */
  readonly generation: number;
  /** What it is doing. */
  readonly state: WorkerState;
  /** Since when, in milliseconds of the epoch. */
  readonly since: number;
  /** Requests that it was given. */
  readonly requests: number;
  /** Connections that it has open. */
  readonly connections: number;
  /** When it was last given a request or a connection, in milliseconds of the epoch; when it was forked, if never. */
  readonly activeAt: number;
  /** When it last told that its event loop turns, in milliseconds of the epoch. */
  readonly turnedAt: number;
  /** How late its event loop was at worst, in milliseconds; it fades, by half in ten seconds. */
  readonly lag: number;
}

/** A mold, as its cell says. */
export interface MoldStatus {
  /** Its process. */
  readonly pid: number;
  /** That of the workers which are forked from it. */
  readonly generation: number;
  /** What it is doing. */
  readonly state: WorkerState;
  /** Since when, in milliseconds of the epoch. */
  readonly since: number;
  /** Requests that it was given while it was a worker. */
  readonly requests: number;
}

/** What a mold has to know. */
export interface MoldAssignment {
  /** That of its workers. */
  readonly generation: number;
  /** Where it takes its orders. */
  readonly line: Line;
}

/** A family as its scoreboard shows it. */
export type FamilyStatus = ServerAddress & {
  /** The process of its master. */
  readonly master: number;
  /** Since when the master runs it, in milliseconds of the epoch. */
  readonly since: number;
  /** Requests that went to workers which have ended. */
  readonly pastRequests: number;
  /** The processes that workers are forked from, if it is not the master; more than one while they change. */
  readonly molds: MoldStatus[];
  /** Those that have a process, by their places. */
  readonly workers: WorkerStatus[];
};

const MAGIC = 0x54465342; // 'TFSB'
const VERSION = 5;
const CELL = 64; // bytes: a cache line
const HEADER = 4 * CELL;
const NAME = 64; // where in the header the host or the path begins
const LAG_HALVES = 10_000; // milliseconds

/** The most workers of a family. */
export const MOST_WORKERS = 1024;
/** As many processes as a family can have, with those that take the place of others. Memory that nobody uses is not there. */
const CELLS = MOST_WORKERS + MOST_WORKERS / 8;
const SIZE = HEADER + CELLS * CELL;

// The header's fields: places in words of 4 bytes, and in numbers of 8.
const WORD = {
  magic: 0,
  version: 1,
  master: 2,
  cells: 3,
  port: 4,
  nameLength: 5,
  nameIsPath: 6,
  moldGeneration: 7,
  moldLine: 14,
  moldCell: 15,
} as const;
const NUMBER = { masterStart: 4, since: 5, pastRequests: 6 } as const;

/** In place of a worker's number: this and less say which orders a mold takes. */
export const MOLD = -1;

/** The cell of one process, which alone writes it; the master does while there is none. */
export class Cell {
  /** pid, state, worker, generation. */
  readonly #words: Int32Array;
  /** since, requests, connections, turnedAt, activeAt, lag. */
  readonly #numbers: Float64Array;

  constructor(buffer: ArrayBuffer, offset: number) {
    this.#words = new Int32Array(buffer, offset, 4);
    this.#numbers = new Float64Array(buffer, offset + 16, 6);
  }

  /** In the master, before the fork of a worker. */
  assign(worker: number, generation: number): void {
    this.#words[2] = worker;
    this.#words[3] = generation;
  }

  /** In the master, before the fork of a mold, or in the worker that becomes one. */
  assignMold({ generation, line }: MoldAssignment): void {
    this.assign(MOLD - line, generation);
  }

  /** What a mold has been assigned. */
  get mold(): MoldAssignment {
    return { generation: this.generation, line: this.worker === MOLD ? 0 : 1 };
  }

  enter(state: WorkerState, pid: number): void {
    const time = Date.now();
    if (state === 'booting') {
      this.#numbers[3] = time;
      this.#numbers[4] = time;
    }
    this.#words[0] = pid;
    this.#numbers[0] = time;
    this.#words[1] = workerStates.indexOf(state) + 1;
  }

  clear(): void {
    this.#words.fill(0);
    this.#numbers.fill(0);
  }

  countRequest(): void {
    this.#numbers[1] = (this.#numbers[1] ?? 0) + 1;
    this.#numbers[4] = Date.now();
  }

  countConnection(difference: 1 | -1): void {
    this.#numbers[2] = (this.#numbers[2] ?? 0) + difference;
    if (difference === 1) this.#numbers[4] = Date.now();
  }

  /**
   * The event loop of the worker has turned.
   *
   * @param late by how many milliseconds
   * @param passed since the last time, in milliseconds
   */
  turn(late: number, passed: number): void {
    this.#numbers[3] = Date.now();
    this.#numbers[5] = Math.max(late, (this.#numbers[5] ?? 0) * 2 ** (-passed / LAG_HALVES));
  }

  get turnedAt(): number {
    return this.#numbers[3] ?? 0;
  }

  /** Undefined while it has no process that is a worker. */
  status(): WorkerStatus | undefined {
    const status = this.#status();
    return status && status.worker > MOLD ? status : undefined;
  }

  /** Undefined while it has no process that is a mold. */
  moldStatus(): MoldStatus | undefined {
    const status = this.#status();
    if (!status || status.worker > MOLD) return undefined;
    const { pid, generation, state, since, requests } = status;
    return { pid, generation, state, since, requests };
  }

  /** The place that it was assigned to. */
  get worker(): number {
    return this.#words[2] ?? 0;
  }

  /** Of the worker, or of those that the mold forks. */
  get generation(): number {
    return this.#words[3] ?? 0;
  }

  /** Of the process, whatever it is. */
  get requests(): number {
    return this.#numbers[1] ?? 0;
  }

  #status(): WorkerStatus | undefined {
    const [pid = 0, stateNumber = 0, worker = 0, generation = 0] = this.#words;
    const [since = 0, requests = 0, connections = 0, turnedAt = 0, activeAt = 0, lag = 0] = this.#numbers;
    const state = workerStates[stateNumber - 1];
    return state && { worker, pid, generation, state, since, requests, connections, activeAt, turnedAt, lag };
  }
}

/** A cell that is on no scoreboard. */
export function scratchCell(): Cell {
  return new Cell(new ArrayBuffer(CELL), 0);
}

function cellAt(buffer: ArrayBuffer, number: number): Cell {
  return new Cell(buffer, HEADER + number * CELL);
}

function statusOf(cells: Iterable<Cell>): WorkerStatus[] {
  return [...cells]
    .flatMap((cell) => cell.status() ?? [])
    .sort((a, b) => a.worker - b.worker || a.generation - b.generation || a.since - b.since);
}

function moldsOf(cells: Iterable<Cell>): MoldStatus[] {
  return [...cells].flatMap((cell) => cell.moldStatus() ?? []).sort((a, b) => a.generation - b.generation);
}

export class Scoreboard {
  readonly #buffer: ArrayBuffer;
  readonly #words: Uint32Array;
  readonly #header: Float64Array;
  readonly #path: string | undefined;
  /** Those that have been taken. */
  readonly #cells = new Map<number, Cell>();
  /** Requests that went to processes which have ended, by their places. */
  readonly #past = new Map<number, number>();
  /** The places of workers that are molds, or about to be, by the numbers of their cells. */
  readonly #donors = new Map<number, number>();

  private constructor(buffer: ArrayBuffer, path?: string) {
    this.#buffer = buffer;
    this.#words = new Uint32Array(buffer, 0, NAME / 4);
    this.#header = new Float64Array(buffer, 0, 8);
    this.#path = path;
  }

  /** The scoreboard of this process as a master. Where it cannot be a file, it is memory that only the family sees. */
  static create(address: ServerAddress, note: Note): Scoreboard {
    let path: string | undefined;
    let buffer: ArrayBuffer;
    try {
      path = join(directory(), `${process.pid}.scoreboard`);
      buffer = mapNewFile(path, SIZE);
    } catch (error) {
      path = undefined;
      note('no status file', {}, { reason: (error as Error).message });
      buffer = mmap(null, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    const words = new Uint32Array(buffer, 0, 8);
    const numbers = new Float64Array(buffer, 0, 8);
    const nameLength = Buffer.from(buffer, NAME, HEADER - NAME).write(address.path ?? address.host);
    words[WORD.version] = VERSION;
    words[WORD.master] = process.pid;
    words[WORD.cells] = CELLS;
    words[WORD.port] = address.port ?? 0;
    words[WORD.nameLength] = nameLength;
    words[WORD.nameIsPath] = address.path === undefined ? 0 : 1;
    numbers[NUMBER.masterStart] = processStat(process.pid)?.started ?? 0;
    numbers[NUMBER.since] = Date.now();
    words[WORD.magic] = MAGIC;
    return new Scoreboard(buffer, path);
  }

  /** The processes that have a cell, by their places. */
  status(): WorkerStatus[] {
    return statusOf(this.#cells.values());
  }

  /** The molds that have a cell. */
  molds(): MoldStatus[] {
    return moldsOf(this.#cells.values());
  }

  /** In a worker: what it has been assigned, if it is the one that the master makes a mold. */
  nextMold(number: number): MoldAssignment | undefined {
    const { [WORD.moldGeneration]: generation = 0, [WORD.moldLine]: line, [WORD.moldCell]: cell } = this.#words;
    // One more: 0 is nobody.
    return cell === number + 1 ? { generation, line: line === 1 ? 1 : 0 } : undefined;
  }

  /** In the master: the number of a cell that nobody has; undefined if there is none. */
  take(): number | undefined {
    for (let number = 0; number < CELLS; number++) {
      if (this.#cells.has(number)) continue;
      this.#cells.set(number, cellAt(this.#buffer, number));
      return number;
    }
    return undefined;
  }

  /** In any process of the family: a cell that the master has taken. */
  cell(number: number): Cell {
    return this.#cells.get(number) ?? cellAt(this.#buffer, number);
  }

  /** In the master, when the process has been reaped: what it has done is not forgotten. */
  retire(number: number): void {
    const cell = this.cell(number);
    const { requests } = cell;
    const place = this.#donors.get(number) ?? cell.worker;
    this.#header[NUMBER.pastRequests] = (this.#header[NUMBER.pastRequests] ?? 0) + requests;
    this.#past.set(place, (this.#past.get(place) ?? 0) + requests);
    this.#donors.delete(number);
    if (this.#words[WORD.moldCell] === number + 1) this.#words[WORD.moldCell] = 0;
    cell.clear();
    this.#cells.delete(number);
  }

  /** In the master, before it makes a worker a mold: what it was given as a worker stays its place's. */
  promote(number: number, { generation, line }: MoldAssignment): void {
    this.#donors.set(number, this.cell(number).worker);
    this.#words[WORD.moldGeneration] = generation;
    this.#words[WORD.moldLine] = line;
    this.#words[WORD.moldCell] = number + 1;
  }

  /** Requests that went to processes which have ended. */
  get allPastRequests(): number {
    return this.#header[NUMBER.pastRequests] ?? 0;
  }

  /** Those of this place, with those that went to workers of it which are molds now. */
  pastRequests(worker: number): number {
    const donors = [...this.#donors].filter(([, place]) => place === worker).map(([number]) => this.cell(number));
    const served = donors.reduce((sum, cell) => sum + (cell.moldStatus()?.requests ?? 0), 0);
    return (this.#past.get(worker) ?? 0) + served;
  }

  /** In the master, when the last worker has been reaped: removes it. */
  remove(): void {
    if (this.#path !== undefined) remove(this.#path);
    munmap(this.#buffer);
  }
}

// Not fs.rmSync(): to load what that can do besides takes a millisecond of the start.
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function directory(): string {
  return runtimeDirectory('families');
}

function mapNewFile(path: string, size: number): ArrayBuffer {
  const fd = createFile(path);
  try {
    ftruncateSync(fd, size);
    return mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  } catch (error) {
    remove(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function createFile(path: string): number {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const create = () => openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    return create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // What is left of an earlier process of the same pid.
    remove(path);
    return create();
  }
}

function decode(bytes: Buffer): FamilyStatus | undefined {
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  if (buffer.byteLength < HEADER) return undefined;
  const words = new Uint32Array(buffer, 0, 8);
  const numbers = new Float64Array(buffer, 0, 8);
  const [magic, version, master = 0, cells = 0, port = 0, nameLength = 0, nameIsPath] = words;
  if (magic !== MAGIC || version !== VERSION || buffer.byteLength !== HEADER + cells * CELL) return undefined;
  // Left behind by a master that was killed, and whose pid somebody else may have by now.
  if (processStat(master)?.started !== numbers[NUMBER.masterStart]) return undefined;
  const name = Buffer.from(buffer, NAME, Math.min(nameLength, HEADER - NAME)).toString();
  const address: ServerAddress = nameIsPath === 1 ? { path: name } : { host: name, port };
  const [since = 0, pastRequests = 0] = [numbers[NUMBER.since], numbers[NUMBER.pastRequests]];
  const all = Array.from({ length: cells }, (_, number) => cellAt(buffer, number));
  return { ...address, master, since, pastRequests, molds: moldsOf(all), workers: statusOf(all) };
}

/** The families of this user that run now, by their masters' pids. Removes what killed masters have left. */
export function families(): FamilyStatus[] {
  const folder = directory();
  const found: FamilyStatus[] = [];
  for (const name of readdirSync(folder)) {
    const [, pid, kind] = /^(\d+)\.(scoreboard|control)$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const family = kind === 'scoreboard' ? familyIn(path) : undefined;
    if (family) found.push(family);
    else if (processStat(Number(pid)) === undefined) remove(path);
  }
  return found.sort((a, b) => a.master - b.master);
}

function familyIn(path: string): FamilyStatus | undefined {
  try {
    return decode(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
