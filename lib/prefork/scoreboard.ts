// What the workers of a family are doing, in memory that they share with the master: a header and one cell a process,
// each on cache lines of its own, each with one writer. It is a file of the user's runtime directory, so that `truefork
// ps` can read it.
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { MAP_ANONYMOUS, MAP_SHARED, mmap, munmap, PROT_READ, PROT_WRITE } from '../posix/index.js';
import type { ServerAddress } from './address.js';
import {
  cellAt,
  CELLS,
  moldsOf,
  statusOf,
  type Cell,
  type MoldAssignment,
  type MoldStatus,
  type WorkerStatus,
} from './cell.js';
import { familyFile, removeFile } from './family-files.js';
import { Header, HEADER, SIZE } from './header.js';
import type { Note } from './log.js';

// The number of a cell tells which one it is, and whose: what is told of a process by its number is not taken for the next one that
// has the cell. The remainder by SLOTS is the cell; a family forks TENANTS processes before a number comes again.
const SLOTS = 2 ** 11;
const TENANTS = 2 ** 20;

export class Scoreboard {
  readonly #buffer: ArrayBuffer;
  readonly #header: Header;
  readonly #path: string | undefined;
  /** Those that have been taken, by their slots. */
  readonly #cells = new Map<number, Cell>();
  /** How many have been taken since the family began. */
  #tenants = 0;
  /** Requests that went to processes which have ended, by their places. */
  readonly #past = new Map<number, number>();
  /** The places of workers that are molds, or about to be, by the numbers of their cells. */
  readonly #donors = new Map<number, number>();

  private constructor(buffer: ArrayBuffer, path?: string) {
    this.#buffer = buffer;
    this.#header = new Header(buffer);
    this.#path = path;
  }

  /** The scoreboard of this process as a master. Where it cannot be a file, it is memory that only the family sees. */
  static create(address: ServerAddress, note: Note): Scoreboard {
    let path: string | undefined;
    let buffer: ArrayBuffer;
    try {
      path = familyFile(process.pid, 'scoreboard');
      buffer = mapNewFile(path, SIZE);
    } catch (error) {
      path = undefined;
      note('no status file', {}, { reason: (error as Error).message });
      buffer = mmap(null, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    const scoreboard = new Scoreboard(buffer, path);
    scoreboard.#header.describe(address);
    return scoreboard;
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
    return this.#header.moldOf(number);
  }

  /** In the master: the number of a cell that nobody has, which nobody has had; undefined if there is no such cell. */
  take(): number | undefined {
    for (let slot = 0; slot < CELLS; slot++) {
      if (this.#cells.has(slot)) continue;
      this.#cells.set(slot, cellAt(this.#buffer, HEADER, slot));
      return slot + SLOTS * (this.#tenants++ % TENANTS);
    }
    return undefined;
  }

  /** In any process of the family: a cell that the master has taken. */
  cell(number: number): Cell {
    const slot = number % SLOTS;
    return this.#cells.get(slot) ?? cellAt(this.#buffer, HEADER, slot);
  }

  /** In the master, when the process has been reaped: what it has done is not forgotten. */
  retire(number: number): void {
    const cell = this.#cells.get(number % SLOTS);
    // That was the last process, and the scoreboard has been removed.
    if (!cell) return;
    const { requests } = cell;
    const place = this.#donors.get(number) ?? cell.worker;
    this.#header.pastRequests += requests;
    this.#past.set(place, (this.#past.get(place) ?? 0) + requests);
    this.#donors.delete(number);
    this.#header.forgetMold(number);
    cell.clear();
    this.#cells.delete(number % SLOTS);
  }

  /** In the master, before it makes a worker a mold: what it was given as a worker stays its place's. */
  promote(number: number, assignment: MoldAssignment): void {
    this.#donors.set(number, this.cell(number).worker);
    this.#header.assignMold(number, assignment);
  }

  /** Requests that went to processes which have ended. */
  get allPastRequests(): number {
    return this.#header.pastRequests;
  }

  /** Those of this place, with those that went to workers of it which are molds now. */
  pastRequests(worker: number): number {
    const donors = [...this.#donors].filter(([, place]) => place === worker).map(([number]) => this.cell(number));
    const served = donors.reduce((sum, cell) => sum + (cell.moldStatus()?.requests ?? 0), 0);
    return (this.#past.get(worker) ?? 0) + served;
  }

  /** In the master, when the last worker has been reaped: removes it. */
  remove(): void {
    this.#cells.clear();
    if (this.#path !== undefined) removeFile(this.#path);
    munmap(this.#buffer);
  }
}

function mapNewFile(path: string, size: number): ArrayBuffer {
  const fd = createFile(path);
  try {
    // Not ftruncate(2): of a hole that the disk has no room for, the first touch is SIGBUS.
    writeFileSync(fd, new Uint8Array(size));
    return mmap(null, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  } catch (error) {
    removeFile(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function createFile(path: string): number {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  // With the sticky bit: systemd-tmpfiles(8) removes what seems old, and what is written by a mapping alone does; but none with it.
  const create = () => openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o1600);
  try {
    return create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // What is left of an earlier process of the same pid.
    removeFile(path);
    return create();
  }
}
