// The streams that a forked child has of its parent: POSIX shares the descriptors, and what Node does with them by itself
// only one of the two may do.
import process from 'node:process';
import type { Writable } from 'node:stream';
import { native } from './native.js';

/** Node's own handle of a stream. */
interface Handle {
  reading?: boolean;
  readStop?: () => unknown;
}

/** What a stream has been given, and has not begun to write. */
interface Waiting {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding;
}

// Who reads it takes the other's input. The parent goes on; a child that wants it says `process.stdin.resume()`.
function pauseStdin(): void {
  const { stdin } = process;
  stdin.pause();
  // Node would stop in the next tick, and a listener of 'readable' keeps it from pausing at all.
  const { _handle: handle } = stdin as { _handle?: Handle | null };
  if (!handle?.reading) return;
  handle.reading = false;
  handle.readStop?.();
}

// What has been written and is still waiting in the stream, the parent writes. (What waits in libuv, the addon drops.)
function dropUnwritten(stream: Writable & { _writableState?: { bufferedRequestCount: number } }): void {
  let old = stream._writableState?.bufferedRequestCount ?? 0;
  if (old === 0) return;
  // Of the prototype: for as long as there is something to drop, two of the stream's own are in front of them.
  const write = stream._write.bind(stream);
  const writev = stream._writev?.bind(stream);
  const dropped = (count: number) => {
    old -= count;
    if (old === 0) for (const name of ['_write', '_writev']) Reflect.deleteProperty(stream, name);
  };
  stream._write = (chunk, encoding, callback) => {
    if (old === 0) {
      write(chunk, encoding, callback);
      return;
    }
    dropped(1);
    callback();
  };
  if (!writev) return;
  stream._writev = (chunks, callback) => {
    const fresh = chunks.slice(old);
    dropped(chunks.length - fresh.length);
    if (fresh.length > 0) writev(fresh, callback);
    else callback();
  };
}

// The parent's parent (child_process.fork, a test runner, a process manager) talks with the parent. The child lets go of
// the channel without a word, and is a process that never had one.
function leaveChannel(): void {
  const listeners = process.rawListeners('disconnect');
  process.removeAllListeners('disconnect');
  process.disconnect();
  // Node tells the end of the channel in the next tick.
  process.once('disconnect', () => {
    for (const listener of listeners) process.on('disconnect', listener as () => void);
  });
  process.connected = false;
  for (const name of ['send', 'disconnect', 'channel']) Reflect.deleteProperty(process, name);
}

// The terminal's modes are the parent's, until the child sets them.
function watchTerminal(): void {
  const { prototype } = process.getBuiltinModule('node:tty').ReadStream;
  const property = Object.getOwnPropertyDescriptor(prototype, 'setRawMode');
  if (!property?.configurable) return;
  const original = property.value as typeof prototype.setRawMode;
  const define = (value: typeof original) => Object.defineProperty(prototype, 'setRawMode', { ...property, value });
  define(function setRawMode(this: typeof prototype, mode: boolean): typeof prototype {
    native.takeTerminal();
    define(original);
    return original.call(this, mode);
  });
}

const STDIN = 1 << 0;
const STDOUT = 1 << 1;
const STDERR = 1 << 2;
const TERMINAL = 1 << 3;

/**
 * Waits until `process.stdout` and `process.stderr` have written what they were given, which `process.exit()` does not do
 * where they are pipes. A stream that the program has not used is not made for it: Node would set its descriptor to
 * O_NONBLOCK, in the parent too.
 */
export async function outputWritten(): Promise<void> {
  const made = native.standardStreams();
  const streams = [];
  if ((made & STDOUT) !== 0) streams.push(process.stdout);
  if ((made & STDERR) !== 0) streams.push(process.stderr);
  await Promise.all(
    streams.map(async (stream) => {
      if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
    }),
  );
}

/**
 * Writes what `process.stdout` and `process.stderr` have been given and have not written yet, and waits for it; what cannot be
 * written is lost. A stream that the program has not used is not made for it.
 */
export function writeOut(): void {
  // Where the event loop cannot be looked at, its streams cannot be told.
  const made = Math.max(native.writeOut(), 0);
  if ((made & STDOUT) !== 0) writeWaiting(process.stdout, 1);
  if ((made & STDERR) !== 0) writeWaiting(process.stderr, 2);
}

// A stream keeps them until what it has given to libuv is done.
const written = new WeakSet<Waiting>();

// What waits in libuv is written by now.
function writeWaiting(stream: Writable & { writableBuffer?: readonly Waiting[] }, fd: number): void {
  for (const waiting of stream.writableBuffer ?? []) {
    if (written.has(waiting)) continue;
    written.add(waiting);
    const { chunk, encoding } = waiting;
    native.writeWhole(fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
  }
  dropUnwritten(stream);
}

/**
 * Puts right, in a forked child, what it shares with its parent.
 *
 * @param streams bits 0 to 2: the descriptors that Node has streams for, or may have; bit 3: one of them is a terminal
 * @param connected whether the process has an IPC channel
 */
export function leaveStreams(streams: number, connected: boolean): void {
  if (connected) leaveChannel();
  // To ask for a stream that is not there yet would make it.
  if ((streams & STDIN) !== 0) pauseStdin();
  if ((streams & STDOUT) !== 0) dropUnwritten(process.stdout);
  if ((streams & STDERR) !== 0) dropUnwritten(process.stderr);
  if ((streams & TERMINAL) !== 0) watchTerminal();
}
