// Writes down the calls of this process: in the place of each of the addon's functions that tells something, one that does the
// same and notes when it began and when it came back.
import { readFileSync } from 'node:fs';
import { text } from '../mistakes.js';
import {
  CLD_DUMPED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  getpid,
  getppid,
  intercept,
  type NativeCalls,
} from '../posix/index.js';
import { now } from './clock.js';
import { commandOf, shortened } from './command.js';
import { conduitOf, forget, forgetAll, isFifo } from './conduits.js';
import { calls, numberOf, SIBLING, type CallKind } from './kinds.js';
import type { Fields } from './log.js';
import { watchNode } from './node-events.js';
import type { Tape } from './tape.js';

type Call = (...parameters: unknown[]) => unknown;

/** What is noted of a call. */
interface Note {
  /** Before it; undefined: this one is not recorded. */
  readonly before?: (...parameters: never[]) => Fields | undefined;
  /** When it has succeeded. */
  readonly after?: (...parameters: never[]) => Fields;
}

const ASK = -1;

// Those that this process records on.
const tapes = new Set<Tape>();

// This process: a forked child learns of itself when it is born.
let self = 0;

function traffic(fd: number): Fields | undefined {
  const inode = conduitOf(fd);
  return inode === 0 ? undefined : { a: inode, x: fd };
}

function waited(_pid: number, _options: number, status: Int32Array): Fields {
  return { y: status[0] ?? 0 };
}

function wait(pid: number, options: number): Fields {
  return { a: pid, x: options };
}

function sent(pid: number, signal: number): Fields | undefined {
  return signal === 0 ? undefined : { a: pid, x: signal };
}

function took(info: Int32Array): Fields {
  const [signal = 0, code = 0, pid = 0] = info;
  return { a: pid, x: signal, y: code };
}

function program(path: string | number, argv: readonly string[]): Fields {
  return { text: argv.length > 0 ? shortened(argv) : String(path) };
}

const notes: Partial<Record<CallKind, Note>> = {
  posixSpawn: { before: (path: string, _search: boolean, argv: readonly string[]) => program(path, argv) },
  spawnInTerminal: { before: (_fd: number, file: string, argv: readonly string[]) => program(file, argv) },
  execve: { before: program },
  execvpe: { before: program },
  fexecve: { before: program },
  _exit: { before: (status: number) => ({ x: status }) },
  waitpid: { before: wait, after: waited },
  wait4: { before: wait, after: waited },
  waitid: {
    before: (_type: number, id: number, options: number) => ({ a: id, x: options }),
    // The pid, the code and the status, as waitpid has them.
    after: (_type: number, _id: number, _options: number, [pid = 0, , code = 0, status = 0]: Int32Array) => ({
      b: pid,
      y: waitStatus(code, status),
    }),
  },
  kill: { before: sent },
  killpg: { before: (pgrp: number, signal: number) => (signal === 0 ? undefined : { a: pgrp, x: signal }) },
  sigqueue: { before: sent },
  raise: { before: (signal: number) => ({ a: self, x: signal }) },
  pidfd_send_signal: {
    before: (pidfd: number, signal: number) => (signal === 0 ? undefined : { a: pidOf(pidfd), x: signal }),
  },
  sigaction: {
    before: (signal: number, kind: number) => (kind === ASK ? undefined : { x: signal, y: kind }),
  },
  sigtimedwait: { after: (_set: unknown, _timeout: unknown, info: Int32Array) => took(info) },
  nanosleep: { before: (seconds: number) => ({ a: seconds }) },
  alarm: { before: (seconds: number) => ({ a: seconds }) },
  setitimer: { before: (which: number, value: number, interval: number) => ({ x: which, a: value, b: interval }) },
  setpgid: { before: (pid: number, pgid: number) => ({ a: pid, b: pgid }) },
  tcsetpgrp: { before: (fd: number, pgrp: number) => ({ x: fd, a: pgrp }) },
  pipe2: {
    after: (_flags: number, [read = -1, write = -1]: Int32Array) => ({ a: conduitOf(read), x: read, y: write }),
  },
  socketpair: {
    after: (_domain: number, _type: number, _protocol: number, [one = -1, other = -1]: Int32Array) => ({
      a: conduitOf(one),
      b: conduitOf(other),
      x: one,
      y: other,
    }),
  },
  mkfifo: { before: (path: string) => ({ text: path }) },
  open: { before: (path: string, flags: number) => (isFifo(path) ? { text: path, x: flags } : undefined) },
  dup2: {
    before: (from: number, to: number) => {
      forget(to);
      return { x: from, y: to, a: conduitOf(from) };
    },
  },
  read: { before: traffic },
  write: { before: traffic },
  readv: { before: traffic },
  writev: { before: traffic },
  sendFds: { before: traffic },
  recvFds: { before: traffic },
  poll: { before: (_table: unknown, timeout: number) => (timeout === 0 ? undefined : { a: timeout }) },
  flock: { before: (fd: number, operation: number) => ({ x: fd, y: operation }) },
  lockf: { before: (fd: number, command: number) => ({ x: fd, y: command }) },
  mmap: {
    before: (length: number, _protection: number, flags: number, fd: number) => ({ a: length, x: fd, y: flags }),
  },
  munmap: { before: (buffer: ArrayBuffer) => ({ a: buffer.byteLength }) },
  mremap: { before: (buffer: ArrayBuffer, length: number) => ({ a: buffer.byteLength, b: length }) },
  msync: { before: (memory: Uint8Array) => ({ a: memory.byteLength }) },
};

// CLD_… of waitid, as a status of waitpid.
function waitStatus(code: number, status: number): number {
  if (code === CLD_EXITED) return status << 8;
  if (code === CLD_KILLED) return status;
  if (code === CLD_DUMPED) return status | 0x80;
  return code === CLD_STOPPED ? (status << 8) | 0x7f : 0xffff;
}

/** Whose descriptor it is, by /proc/self/fdinfo; 0: it has ended. */
function pidOf(pidfd: number): number {
  try {
    return Number(/^Pid:\t(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

// In the place of a function of the addon.
function recorded(name: CallKind, call: Call, tape: Tape): Call {
  const { before, after } = (notes[name] ?? {}) as { [Key in keyof Note]: (...parameters: unknown[]) => Fields };
  const kind = numberOf(name);
  const log = tape.calls;
  return (...parameters) => {
    const fields = before?.(...parameters);
    const unwanted = before !== undefined && fields === undefined;
    const slot = unwanted || !tape.recording ? -1 : log.begin(kind, self, now(), fields);
    const result = call(...parameters);
    if (slot < 0) return result;
    const time = now();
    const number = typeof result === 'number' ? result : 0;
    if (after && number >= 0) log.note(slot, after(...parameters));
    log.end(slot, number, time);
    return result;
  };
}

function recordedFork(tape: Tape, native: NativeCalls): NativeCalls['fork'] {
  const kind = numberOf('fork');
  const log = tape.calls;
  return (options, children) => {
    const begin = now();
    const fields = { x: options.sibling ? SIBLING : 0 };
    const slot = tape.recording ? log.begin(kind, self, begin, fields) : -1;
    const result = native.fork(options, children);
    if (result === 0) {
      self = getpid();
      if (tape.recording) log.add('born', self, now(), { a: getppid() });
      return result;
    }
    if (slot < 0) return result;
    const time = now();
    if (typeof result === 'object') log.note(slot, { text: result.reason });
    log.end(slot, typeof result === 'object' ? -1 : result < 0 ? result : (children[0] ?? 0), time);
    for (const pid of typeof result === 'number' ? children.subarray(1, Math.max(result, 1)) : []) {
      const further = log.begin(kind, self, begin, fields);
      if (further >= 0) log.end(further, pid, time);
    }
    return result;
  };
}

function recordedTakeSignal(tape: Tape, native: NativeCalls): NativeCalls['takeSignal'] {
  return (info, mask) => {
    const number = native.takeSignal(info, mask);
    // Most often it is asked in vain.
    if (number > 0 && tape.recording) tape.calls.add('takeSignal', self, now(), took(info));
    return number;
  };
}

// What closes descriptors, whose numbers are others' afterwards.
function forgetful(native: NativeCalls): Partial<NativeCalls> {
  return {
    close(fd) {
      forget(fd);
      return native.close(fd);
    },
    dup3(from, to, flags) {
      forget(to);
      return native.dup3(from, to, flags);
    },
    close_range(first, last, flags) {
      forgetAll();
      return native.close_range(first, last, flags);
    },
  };
}

/**
 * Records what this process does from now on, and what it forks.
 *
 * @returns a function that ends it, in this process
 */
export function startRecorder(tape: Tape): () => void {
  self = getpid();
  tapes.add(tape);
  const putBack = intercept((native) => {
    const names = Object.keys(calls) as CallKind[];
    return {
      ...Object.fromEntries(names.map((name) => [name, recorded(name, Reflect.get(native, name) as Call, tape)])),
      fork: recordedFork(tape, native),
      takeSignal: recordedTakeSignal(tape, native),
      ...forgetful(native),
    };
  });
  const log = tape.calls;
  const kind = numberOf('kill');
  const leaveNode = watchNode({
    kill(pid, signal) {
      const slot = tape.recording ? log.begin(kind, self, now(), { a: pid, x: signal }) : -1;
      return (sent) => {
        if (slot >= 0) log.end(slot, sent ? 0 : -1, now());
      };
    },
    handled(signal) {
      if (tape.recording) log.add('handled', self, now(), { x: signal });
    },
    exit(code) {
      if (tape.recording) log.add('exit', self, now(), { x: code });
    },
  });
  return () => {
    leaveNode();
    putBack();
    tapes.delete(tape);
  };
}

/**
 * Marks a moment of this process: a dot with a name in the timeline. Nothing happens when nobody records.
 *
 * @param name up to 64 bytes of UTF-8 are kept
 * @throws {TypeError} it is no string, or empty
 */
export function mark(name: string): void {
  text('name', name);
  for (const tape of tapes) if (tape.recording) tape.calls.add('mark', self, now(), { text: name });
}

/** Tells what this process is, which has just been recorded. */
export function tellStart(tape: Tape): void {
  tape.calls.add('start', self, now(), { a: getppid(), text: commandOf(self) });
}
