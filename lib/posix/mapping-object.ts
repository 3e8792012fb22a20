// A file, or memory, as an object with a position: the interface of Python's mmap.
import { fstatSync } from 'node:fs';
import { bytes as size, descriptor, flagBits, integer, view, wrongValue } from './arguments.js';
import { boolean, object, outOfRange } from '../mistakes.js';
import { close } from './descriptor.js';
import { MappingError } from './errors.js';
import { F_DUPFD_CLOEXEC, fcntl } from './fcntl.js';
import { ftruncate } from './io.js';
import {
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  MREMAP_MAYMOVE,
  mremap,
  munmap,
  PROT_READ,
  PROT_WRITE,
} from './mapping.js';
import { first, indices, last, LONGEST, place } from './mapping-ranges.js';
import { needAddon } from './native.js';
import { madvise, MS_SYNC, msync } from './pages.js';

/** How a file is mapped, and which part of it. */
export interface MappingOptions {
  /** `MAP_SHARED` or `MAP_PRIVATE`, with others or'ed to it; not with `access`. Default `MAP_SHARED`. */
  flags?: number;
  /** `PROT_READ`, or `PROT_READ | PROT_WRITE`; not with `access`. Default `PROT_READ | PROT_WRITE`. */
  prot?: number;
  /**
   * `'read'`: it cannot be written, and its `buffer` is a private copy from the first write on; `'write'`: what is written is in
   * the file, and seen by all who have mapped it; `'copy'`: what is written stays here. Default: what `flags` and `prot` say.
   */
  access?: 'read' | 'write' | 'copy';
  /** Where in the file it begins, in bytes: a multiple of `PAGESIZE`. Default 0. */
  offset?: number;
  /** Whether it keeps a descriptor of its own, for `resize()` and `size()`. Default true. */
  trackfd?: boolean;
}

const accesses = {
  read: { prot: PROT_READ, flags: MAP_PRIVATE | MAP_NORESERVE },
  write: { prot: PROT_READ | PROT_WRITE, flags: MAP_SHARED },
  copy: { prot: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE },
};

// The descriptors of mappings that were forgotten. Their memory is unmapped by its own finalizer.
const forgotten = new FinalizationRegistry(close);

function protectionOf({ access, flags, prot }: MappingOptions): { prot: number; flags: number } {
  if (access === undefined) {
    const given = { prot: flagBits('options.prot', prot ?? PROT_READ | PROT_WRITE), flags: flags ?? MAP_SHARED };
    flagBits('options.flags', given.flags);
    if ((given.prot & PROT_READ) === 0) throw wrongValue('options.prot', 'must have PROT_READ', prot);
    return given;
  }
  if (!Object.hasOwn(accesses, access)) throw wrongValue('options.access', "must be 'read', 'write' or 'copy'", access);
  if (flags !== undefined) throw wrongValue('options.flags', 'must not be given with access', flags);
  if (prot !== undefined) throw wrongValue('options.prot', 'must not be given with access', prot);
  return accesses[access];
}

// How much there is of a file from the offset on.
function restOf(fd: number, offset: number): number {
  const file = fstatSync(fd);
  if (file.size === 0) throw wrongValue('fd', 'must not be of an empty file', fd);
  if (offset >= file.size) throw outOfRange('options.offset', `< ${file.size}, the size of the file`, offset);
  return file.size - offset;
}

/**
 * A mapped file, or memory of no file, as an object: with a position, as a file has one, and with slices. The interface is
 * that of Python's `mmap`.
 *
 * Offsets and sizes are bytes, and may lie beyond 4 GiB. What the methods return is a copy; `buffer` and `bytes` are the memory
 * itself. `close()` and `resize()` take it away from whoever has it: all such views have length 0 afterwards.
 *
 * A process that touches a page behind the end of its file, which another has truncated, ends with SIGBUS, by POSIX. Against
 * that help a memfd with `F_SEAL_SHRINK`, and locks.
 *
 * @example
 * using words = new Mapping(fd, 0, { access: 'write' });
 * words.seek(words.find('colour') + 4);
 * words.write('or ');
 *
 * @see https://docs.python.org/3/library/mmap.html
 */
export class Mapping implements Disposable {
  /** Where in the file it begins. */
  readonly offset: number;
  // Undefined: closed.
  #bytes: Buffer | undefined;
  #fd = -1;
  #position = 0;
  readonly #ofFile: boolean;
  readonly #shared: boolean;
  readonly #writable: boolean;
  // An ArrayBuffer can be written to: of memory that cannot, there is none.
  readonly #visible: boolean;

  /**
   * @param fd the file, which may be closed afterwards; -1: memory of no file, which forked children share (with
   *   `MAP_PRIVATE`: have a copy of)
   * @param length bytes, within the file's present size; 0: the whole file, from the offset on
   * @throws {RangeError} ERR_OUT_OF_RANGE: the file is shorter
   * @throws {TypeError} ERR_INVALID_ARG_VALUE: the file is empty; `access` with `flags` or `prot`
   * @throws {PermissionError} EACCES: the file is not open for reading, or not for writing where the mapping is
   * @throws {PosixError} EINVAL: the offset; ENODEV: it cannot be mapped; and the others of mmap(2)
   */
  constructor(fd: number, length: number, options: MappingOptions = {}) {
    needAddon('mmap');
    const { access, offset = 0, trackfd = true } = object('options', options);
    if (fd !== -1) descriptor(fd);
    size('length', length);
    size('options.offset', offset);
    boolean('options.trackfd', trackfd);
    const { prot, flags } = protectionOf(options);
    this.offset = offset;
    this.#ofFile = fd !== -1;
    this.#shared = (flags & MAP_SHARED) !== 0;
    this.#writable = (prot & PROT_WRITE) !== 0;
    this.#visible = this.#writable || access === 'read';
    const all = this.#ofFile
      ? { length: length === 0 ? restOf(fd, offset) : length, flags }
      : { length, flags: flags | MAP_ANONYMOUS };
    const protection = access === 'read' ? PROT_READ | PROT_WRITE : prot;
    this.#bytes = Buffer.from(mmap(null, all.length, protection, all.flags, fd, offset));
    if (!this.#ofFile || !trackfd) return;
    try {
      this.#fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    } catch (error) {
      this.close();
      throw error;
    }
    forgotten.register(this, this.#fd, this);
  }

  /** Memory of no file, all zero, which forked children share. @param length bytes, 1 or more */
  static anonymous(length: number): Mapping {
    return new Mapping(-1, length);
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.#bytes === undefined;
  }

  /** Bytes. */
  get length(): number {
    return this.#memory().length;
  }

  /**
   * The memory itself. With `access: 'read'` a write to it stays here, and is seen by the methods too.
   *
   * @throws {MappingError} ERR_MAPPING_READ_ONLY: it was mapped with PROT_READ alone, and a write would end the process
   */
  get buffer(): ArrayBuffer {
    return this.bytes.buffer as ArrayBuffer;
  }

  /** As `buffer`, with its bytes. */
  get bytes(): Buffer {
    const memory = this.#memory();
    if (!this.#visible) {
      throw new MappingError('ERR_MAPPING_READ_ONLY', "memory with PROT_READ alone has no buffer; access: 'read' has");
    }
    return memory;
  }

  #memory(): Buffer {
    if (this.#bytes === undefined) throw new MappingError('ERR_MAPPING_CLOSED', 'the mapping is closed');
    if (this.#bytes.length > 0) return this.#bytes;
    throw new MappingError('ERR_MAPPING_CLOSED', 'the memory of the mapping was unmapped or transferred away');
  }

  #writableMemory(): Buffer {
    const memory = this.#memory();
    if (!this.#writable) throw new MappingError('ERR_MAPPING_READ_ONLY', 'the mapping is read-only');
    return memory;
  }

  /** Where `read` and `write` go on. */
  tell(): number {
    this.#memory();
    return this.#position;
  }

  /**
   * Moves the position.
   *
   * @param whence what `offset` counts from: 0, the default: the beginning; 1: the position; 2: the end
   * @returns the position
   * @throws {RangeError} ERR_OUT_OF_RANGE: it would be outside; the end itself is within
   */
  seek(offset: number, whence: 0 | 1 | 2 = 0): number {
    const { length } = this.#memory();
    integer('whence', whence, 0, 2);
    const from = [0, this.#position, length][whence] ?? 0;
    integer('offset', offset, -from, length - from);
    return (this.#position = from + offset);
  }

  /** The next bytes, all that are left or `count` if those are fewer, and moves the position behind them. */
  read(count = Infinity): Buffer {
    const memory = this.#memory();
    if (count !== Infinity) size('count', count);
    return this.#take(Math.min(this.#position + count, memory.length));
  }

  /** The rest of the line, with its newline; empty at the end. */
  readline(): Buffer {
    const memory = this.#memory();
    const newline = first(memory, Buffer.of(0x0a), this.#position, memory.length);
    return this.#take(newline < 0 ? memory.length : newline + 1);
  }

  /** The lines from the position on, each with its newline; the position goes along. */
  *lines(): Generator<Buffer, void, undefined> {
    for (let line = this.readline(); line.length > 0; line = this.readline()) yield line;
  }

  // A shorter mapping may have left the position behind its end.
  #take(end: number): Buffer {
    const taken = Buffer.from(this.#memory().subarray(this.#position, end));
    this.#position = Math.max(this.#position, end);
    return taken;
  }

  /** The next byte. @throws {RangeError} ERR_OUT_OF_RANGE: there is none */
  readByte(): number {
    const byte = this.#memory()[this.#position];
    if (byte === undefined) throw outOfRange('position', `< ${this.length} to read a byte`, this.#position);
    this.#position++;
    return byte;
  }

  /**
   * Writes at the position, and moves it behind what was written. A mapping does not grow by it.
   *
   * @param data bytes, or a text, which is written in UTF-8
   * @returns how many bytes that were
   * @throws {RangeError} ERR_OUT_OF_RANGE: there is not room for all of it; nothing was written
   * @throws {MappingError} ERR_MAPPING_READ_ONLY
   */
  write(data: string | ArrayBuffer | ArrayBufferView): number {
    const memory = this.#writableMemory();
    const bytes = toBytes('data', data);
    const room = Math.max(0, memory.length - this.#position);
    if (bytes.length > room) throw outOfRange('data.length', `<= ${room}, what is left`, bytes.length);
    // The position may be behind the end, where not even nothing can be set.
    if (bytes.length > 0) memory.set(bytes, this.#position);
    this.#position += bytes.length;
    return bytes.length;
  }

  /** Writes a byte, 0 to 255. @throws as `write` */
  writeByte(byte: number): void {
    this.write(Uint8Array.of(integer('byte', byte, 0, 255)));
  }

  /**
   * Where bytes, or a text in UTF-8, are first.
   *
   * @param start where to begin, by default the position; a negative one counts from the end
   * @param end before which all of it must lie, by default the mapping's
   * @returns an offset from the beginning of the mapping; -1: nowhere
   */
  find(sought: string | ArrayBuffer | ArrayBufferView, start?: number, end?: number): number {
    return this.#search(first, sought, start, end);
  }

  /** Where they are last. As `find`. */
  rfind(sought: string | ArrayBuffer | ArrayBufferView, start?: number, end?: number): number {
    return this.#search(last, sought, start, end);
  }

  #search(search: typeof first, sought: unknown, start = this.#position, end = this.length): number {
    const memory = this.#memory();
    const from = place('start', start, memory.length);
    return search(memory, toBytes('sought', sought), from, place('end', end, memory.length));
  }

  /**
   * A copy of some of the bytes, as `m[start:end:step]` of Python: a negative place counts from the end, a negative step goes
   * backwards, and what is outside is left out.
   */
  slice(start?: number, end?: number, step = 1): Buffer {
    const memory = this.#memory();
    const { from, count } = indices(memory.length, start, end, step);
    if (step === 1) return Buffer.from(memory.subarray(from, from + count));
    const copy = Buffer.alloc(count);
    for (let n = 0; n < count; n++) copy[n] = memory[from + n * step] ?? 0;
    return copy;
  }

  /**
   * Writes a slice, as `m[start:end:step] = data` of Python. The position stays.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: the data is not as long as the slice
   * @throws {MappingError} ERR_MAPPING_READ_ONLY
   */
  setSlice(data: string | ArrayBuffer | ArrayBufferView, start?: number, end?: number, step = 1): void {
    const memory = this.#writableMemory();
    const bytes = toBytes('data', data);
    const { from, count } = indices(memory.length, start, end, step);
    if (bytes.length !== count) throw outOfRange('data.length', `${count}, the length of the slice`, bytes.length);
    if (step === 1) memory.set(bytes, from);
    else for (let n = 0; n < count; n++) memory[from + n * step] = bytes[n] ?? 0;
  }

  /**
   * Copies bytes from one place to another; they may overlap.
   *
   * @throws {RangeError} ERR_OUT_OF_RANGE: not all of it is within
   * @throws {MappingError} ERR_MAPPING_READ_ONLY
   */
  move(destination: number, source: number, count: number): void {
    const memory = this.#writableMemory();
    integer('count', count, 0, memory.length);
    integer('destination', destination, 0, memory.length - count);
    integer('source', source, 0, memory.length - count);
    memory.copyWithin(destination, source, source + count);
  }

  /**
   * Waits until what was written is in the file, all of it or a part. Of a mapping that is not shared there is nothing to write.
   *
   * @param offset a multiple of `PAGESIZE`. Default 0
   * @param length bytes; by default all that follow
   * @throws {RangeError} ERR_OUT_OF_RANGE: not all of it is within
   * @throws {PosixError} EINVAL: the offset is within a page; EIO
   * @see https://man7.org/linux/man-pages/man2/msync.2.html
   */
  flush(offset = 0, length?: number): void {
    const part = this.#part(offset, length);
    if (this.#shared && this.#writable) msync(part, MS_SYNC);
  }

  /** As the raw `madvise`, all of it or a part. @throws as `flush`, and as `madvise` */
  madvise(advice: number, offset = 0, length?: number): void {
    madvise(this.#part(offset, length), advice);
  }

  #part(offset: number, length: number | undefined): Buffer {
    const memory = this.#memory();
    integer('offset', offset, 0, memory.length);
    const rest = memory.length - offset;
    return memory.subarray(offset, offset + integer('length', length ?? rest, 0, rest));
  }

  /**
   * The size of the file, which need not be the mapping's; of memory of no file, its length.
   *
   * @throws {MappingError} ERR_MAPPING_NO_DESCRIPTOR: with `trackfd: false`
   */
  size(): number {
    const memory = this.#memory();
    return this.#ofFile ? fstatSync(this.#descriptor()).size : memory.length;
  }

  #descriptor(): number {
    if (this.#fd >= 0) return this.#fd;
    throw new MappingError(
      'ERR_MAPPING_NO_DESCRIPTOR',
      'the mapping has no descriptor: it was made with trackfd: false',
    );
  }

  /**
   * Makes the mapping longer or shorter, and with it the file, which then ends where the mapping ends. All views have length 0
   * afterwards: ask for `buffer` again. The position stays.
   *
   * @param length bytes, 1 or more, up to `buffer.constants.MAX_LENGTH`
   * @throws {MappingError} ERR_MAPPING_FIXED_SIZE: it cannot be written, or what is written is not in the file; or it is shared
   *   memory of no file, and would grow; ERR_MAPPING_NO_DESCRIPTOR
   * @throws {PosixError} those of ftruncate(2) and mremap(2). The file may have its new size already
   */
  resize(length: number): void {
    const memory = this.#memory();
    // Here, and not when it is mapped: the file would have its new size by then.
    integer('length', length, 1, Math.min(LONGEST, Number.MAX_SAFE_INTEGER - this.offset));
    if (!this.#writable) throw new MappingError('ERR_MAPPING_FIXED_SIZE', 'a read-only mapping cannot be resized');
    if (this.#ofFile) {
      if (!this.#shared) throw new MappingError('ERR_MAPPING_FIXED_SIZE', 'a copy of a file cannot be resized');
      ftruncate(this.#descriptor(), this.offset + length);
    } else if (this.#shared && length > memory.length) {
      // The kernel would map more than there is: SIGBUS for whoever touches it.
      throw new MappingError('ERR_MAPPING_FIXED_SIZE', 'shared memory of no file cannot grow');
    }
    this.#bytes = Buffer.from(mremap(memory.buffer as ArrayBuffer, length, MREMAP_MAYMOVE));
  }

  /**
   * Unmaps the memory: all views on it have length 0 afterwards. Again is no mistake. Memory that was transferred away
   * (`buffer.transfer()`) is left to whoever has it now.
   */
  close(): void {
    const bytes = this.#bytes;
    if (bytes === undefined) return;
    this.#bytes = undefined;
    forgotten.unregister(this);
    try {
      if (bytes.length > 0) munmap(bytes.buffer as ArrayBuffer);
    } finally {
      if (this.#fd >= 0) close(this.#fd);
      this.#fd = -1;
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function toBytes(name: string, data: unknown): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : view(name, data);
}
