// The header of a scoreboard: which family it is of, and what is the whole family's. The master alone writes it.
import { processStat } from '../posix/index.js';
import type { ServerAddress } from './address.js';
import { CELLS, sizeOf, type MoldAssignment } from './cell.js';

const MAGIC = 0x54465342; // 'TFSB'
const VERSION = 5;
const NAME = 64; // where in the header the host or the path begins

/** Its size in bytes: four cache lines. The cells come behind. */
export const HEADER = 256;
/** The size of a scoreboard in bytes. */
export const SIZE = HEADER + sizeOf(CELLS);

// Its fields: places in words of 4 bytes, and in numbers of 8.
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

/** Which family it is. */
interface Description {
  readonly address: ServerAddress;
  readonly master: number;
  /** Since when the master runs it, in milliseconds of the epoch. */
  readonly since: number;
}

export class Header {
  readonly #buffer: ArrayBuffer;
  readonly #words: Uint32Array;
  readonly #numbers: Float64Array;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
    this.#words = new Uint32Array(buffer, 0, NAME / 4);
    this.#numbers = new Float64Array(buffer, 0, NAME / 8);
  }

  /** Of a new family, whose master this process is. */
  describe(address: ServerAddress): void {
    const words = this.#words;
    const nameLength = Buffer.from(this.#buffer, NAME, HEADER - NAME).write(address.path ?? address.host);
    words[WORD.version] = VERSION;
    words[WORD.master] = process.pid;
    words[WORD.cells] = CELLS;
    words[WORD.port] = address.port ?? 0;
    words[WORD.nameLength] = nameLength;
    words[WORD.nameIsPath] = address.path === undefined ? 0 : 1;
    this.#numbers[NUMBER.masterStart] = processStat(process.pid)?.started ?? 0;
    this.#numbers[NUMBER.since] = Date.now();
    words[WORD.magic] = MAGIC;
  }

  /** Undefined if it is of another version, of no family, or of one whose master does not live any more. */
  description(): Description | undefined {
    const { master, cells, port, nameLength, nameIsPath } = WORD;
    const word = (place: number) => this.#words[place] ?? 0;
    if (word(WORD.magic) !== MAGIC || word(WORD.version) !== VERSION) return undefined;
    if (this.#buffer.byteLength !== HEADER + sizeOf(word(cells))) return undefined;
    // Left behind by a master that was killed, and whose pid somebody else may have by now.
    if (processStat(word(master))?.started !== this.#numbers[NUMBER.masterStart]) return undefined;
    const name = Buffer.from(this.#buffer, NAME, Math.min(word(nameLength), HEADER - NAME)).toString();
    const address: ServerAddress = word(nameIsPath) === 1 ? { path: name } : { host: name, port: word(port) };
    return { address, master: word(master), since: this.#numbers[NUMBER.since] ?? 0 };
  }

  /** Requests that went to processes which have ended. */
  get pastRequests(): number {
    return this.#numbers[NUMBER.pastRequests] ?? 0;
  }

  set pastRequests(requests: number) {
    this.#numbers[NUMBER.pastRequests] = requests;
  }

  /** What the worker of this cell has been assigned, if it is the one that the master makes a mold. */
  moldOf(cell: number): MoldAssignment | undefined {
    const { [WORD.moldGeneration]: generation = 0, [WORD.moldLine]: line = 0, [WORD.moldCell]: next } = this.#words;
    // One more: 0 is nobody.
    return next === cell + 1 ? { generation, line } : undefined;
  }

  assignMold(cell: number, { generation, line }: MoldAssignment): void {
    this.#words[WORD.moldGeneration] = generation;
    this.#words[WORD.moldLine] = line;
    this.#words[WORD.moldCell] = cell + 1;
  }

  /** The process of this cell has ended. */
  forgetMold(cell: number): void {
    if (this.#words[WORD.moldCell] === cell + 1) this.#words[WORD.moldCell] = 0;
  }
}
