import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import process from 'node:process';
import { isMainThread, type Worker } from 'node:worker_threads';
import { register, registeredHooks, type Hooks } from '../fork-hooks.js';
import { callback, integer, INT_MAX, object, wrongType, wrongValue } from '../mistakes.js';
import { areNotMine, wereForked } from './children.js';
import { answered } from './errno.js';
import { ForkUnsafeError, type ForkUnsafeReason } from './errors.js';
import { idleConnections, leaveConnections } from './idle-connections.js';
import { inspectors, profilers } from './inspectors.js';
import { native, needAddon, type NativeForkOptions, type Refusal } from './native.js';
import { prepareRepair, repair, scratch, type Repaired } from './repair.js';
import { leaveStreams } from './streams.js';

/** What to do around every fork of this process. */
export interface ForkHooks {
  /** In the parent, before the fork. If it throws, there is no fork, and `fork` throws that. */
  before?: () => void;
  /** In the parent, after the fork, or after it has failed or been cancelled. */
  parent?: () => void;
  /** In the child, before `fork` returns; signals are blocked. Is told which of the children of `forkMany` it is, from 0. */
  child?: (index: number) => void;
}

function checkedHooks(hooks: ForkHooks): Hooks {
  const { before, parent, child } = object('hooks', hooks);
  return {
    before: before ? callback('hooks.before', before) : undefined,
    parent: parent ? callback('hooks.parent', parent) : undefined,
    child: child ? callback('hooks.child', child) : undefined,
  };
}

/**
 * Registers hooks for every fork: those who own what must not be shared with a child (a connection, a lock, a cache)
 * put it right there. As with pthread_atfork, `before` hooks run in reverse order of registration, the others in
 * order. An error thrown by a `parent` or `child` hook does not keep the others from running; it is an uncaught one.
 *
 * @returns a function that takes the hooks back
 * @see https://man7.org/linux/man-pages/man3/pthread_atfork.3.html
 */
export function atfork(hooks: ForkHooks): () => void {
  return register(checkedHooks(hooks));
}

function runAfter(entries: readonly Hooks[], side: 'parent' | 'child', index = 0): void {
  for (const entry of entries) {
    try {
      if (side === 'child') entry.child?.(index);
      else entry.parent?.();
    } catch (error) {
      // Not out of fork(): the caller would take it for a fork that failed.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

// Worker threads that live. Those that were started before this module was loaded are found by their event loops.
const workers = new Set<Worker>();
// It is told of in its constructor: before anybody forks, or listens to its end. process.on('worker') is a tick late.
diagnostics.subscribe('worker_threads', (message) => {
  const { worker } = message as { worker: Worker };
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
});

const advice: Record<ForkUnsafeReason, string> = {
  'not-main-thread': 'fork() works in the main thread only',
  // Who has Node.js load modules through a tool does not know that it has one.
  'worker-threads':
    'end the worker threads before fork() (a loader of modules, such as tsx, has one): they would not be in the child',
  inspector: 'fork() without a debugger, profiler or tracer: it would not be in the child, or would spoil its files',
  'io-uring': 'fork() without UV_USE_IO_URING: parent and child would share the queues of the threadpool',
  'busy-threads': 'these threads did not become idle in time; fork() when their work is done, or with a longer timeout',
  'unsupported-platform': 'this Node.js cannot be forked',
};

type Caller = typeof fork | typeof forkMany;

function refused(reason: ForkUnsafeReason, details: readonly string[], caller: Caller): ForkUnsafeError {
  const listed = details.length > 0 ? `: ${details.join(', ')}` : '';
  const error = new ForkUnsafeError(reason, `${advice[reason]}${listed}`);
  Error.captureStackTrace(error, caller);
  return error;
}

// A debugger and a tracer have threads with an event loop of their own, as worker threads do.
function explained({ reason, details }: Refusal, caller: Caller): ForkUnsafeError {
  const tools = reason === 'worker-threads' ? inspectors() : [];
  return tools.length > 0 ? refused('inspector', tools, caller) : refused(reason, details, caller);
}

/** How long fork() waits for threads to become idle, in milliseconds, if it is not told. */
const FORK_TIMEOUT = 5_000;

/** How to fork. */
export interface ForkOptions {
  /**
   * How long to wait for the other threads to become idle, in milliseconds, 0 to 2³¹ - 1. Default 5,000. With 0 the fork
   * is refused when one is at work. Idle threads that must first get a processor have 100 ms for it at least.
   */
  timeout?: number;
  /**
   * What to do with threads that cannot be taken along because they are not idle: an addon's that sits in a system call
   * or computes. `'all'`: wait for them, and refuse at last. `'drop'`: leave them behind, as POSIX leaves all; what they
   * own is in the child as they left it, their locks too, but never one of the C library. They are stopped for the moment
   * of the fork by a signal: a call such as poll(2) or nanosleep(2) ends with EINTR in them. A job of the threadpool takes its
   * thread with it: the child has fewer, or none, and then `fs` and the like never call back there. Default `'all'`.
   */
  threads?: 'all' | 'drop';
  /**
   * Whether `child_process.spawn` stays as fast as it was, in both processes. V8 keeps its memory out of forks, so that a
   * spawn need not copy its page tables; for the child to have a heap, that has to be undone. Default false: a spawn after
   * the fork takes longer, by what a fork takes. True: this fork takes a fourth to a half
   * longer.
   */
  keepDontfork?: boolean;
  /**
   * Whether it is a child of the caller's parent (CLONE_PARENT of clone(2)), which alone can wait for it and gets its
   * SIGCHLD. Default false: it is the caller's. The caller and its child are siblings then, and `process.ppid` is the same
   * in both. Process 1 of a pid namespace can have no sibling: EINVAL.
   */
  sibling?: boolean;
}

/** Who one is after `forkMany`: the parent, with the pids of its children, or one of the children, by its number from 0. */
export type Forked =
  | { readonly role: 'parent'; /** Of the children that were made. */ readonly pids: number[] }
  | { readonly role: 'child'; /** Which of the children, from 0. */ readonly index: number };

function flag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'of type boolean', value);
  return value;
}

function optionsFrom(options: ForkOptions): NativeForkOptions {
  const { timeout = FORK_TIMEOUT, threads = 'all', keepDontfork = false, sibling = false } = object('options', options);
  integer('options.timeout', timeout, 0, INT_MAX);
  if (!['all', 'drop'].includes(threads)) throw wrongValue('options.threads', "must be 'all' or 'drop'", threads);
  return {
    timeout,
    drop: threads === 'drop',
    keepDontfork: flag('options.keepDontfork', keepDontfork),
    sibling: flag('options.sibling', sibling),
  };
}

/** What Node.js has open by itself, and leaves to the parent in a child. */
interface Shared {
  /** Whether the process has an IPC channel. */
  readonly connected: boolean;
  /** Connections that it keeps for the next request. */
  readonly idle: readonly Socket[];
}

// All that a child does in fork().
function becomeChild(children: Int32Array, shared: Shared, entries: readonly Hooks[], repaired: Repaired): Forked {
  const index = children[0] ?? 0;
  repair(repaired);
  leaveStreams(children[1] ?? 0, shared.connected);
  leaveConnections(shared.idle);
  runAfter(entries, 'child', index);
  native.openSignals();
  return { role: 'child', index };
}

// V8 compiles a function at its first call, and begins to learn what comes along after the first thousand bytes of it.
const REHEARSALS = 20;
let rehearsed = false;

// In the parent, on objects that are nobody's: to compile and to learn takes longer in each child than all that it does.
function rehearse(): void {
  if (rehearsed) return;
  rehearsed = true;
  const children = new Int32Array(2);
  areNotMine(new Set());
  const entries = [checkedHooks({ child: () => undefined })];
  for (let n = 0; n < REHEARSALS; n++) becomeChild(children, { connected: false, idle: [] }, entries, scratch());
}

function make(count: number, options: ForkOptions, caller: Caller): Forked {
  const checked = optionsFrom(options);
  needAddon(caller.name);
  if (!isMainThread) throw refused('not-main-thread', [], caller);
  if (profilers.length > 0) throw refused('inspector', profilers, caller);
  if (workers.size > 0) {
    const details = [...workers].map((worker) => `worker thread ${worker.threadId}`);
    throw refused('worker-threads', details, caller);
  }

  // A hook may register or take back others: this fork is with those of its beginning.
  const entries = registeredHooks();
  const children = new Int32Array(count + 1);
  let prepared = entries.length;
  let shared: Shared;
  let repaired: Repaired;
  let result: number | Refusal;
  try {
    for (const entry of entries.toReversed()) {
      entry.before?.();
      prepared--;
    }
    const { own, obstacles } = prepareRepair();
    if (obstacles.length > 0) throw refused('unsupported-platform', obstacles, caller);
    rehearse();
    // Looked up here for the child too.
    shared = { connected: process.connected, idle: idleConnections() };
    repaired = own;
    result = native.fork(checked, children);
  } catch (error) {
    runAfter(entries.slice(prepared), 'parent');
    throw error;
  }
  if (result === 0) {
    areNotMine();
    try {
      return becomeChild(children, shared, entries, repaired);
    } catch (error) {
      // Out of fork(), it would look as if there were no child.
      native.giveUp('put its state right', String(error));
    }
  }
  const pids = typeof result === 'number' && result > 0 ? [...children.subarray(0, result)] : [];
  if (!checked.sibling) wereForked(pids);
  runAfter(entries, 'parent');
  if (typeof result === 'object') throw explained(result, caller);
  answered(result, 'fork', '', {}, caller);
  return { role: 'parent', pids };
}

/**
 * Makes a child process that is a copy of this one, and returns twice: in the child, 0; in the parent, the child's
 * pid. The child is a whole Node.js: its event loop, timers, threadpool, just-in-time compiler and garbage collector
 * go on as the parent's do, and it ends as any Node.js does. It shares the parent's open descriptors, by POSIX; its
 * `process.pid` and its random numbers are its own.
 *
 * It waits, typically for less than a millisecond, until the threads of V8 and libuv are idle.
 *
 * @throws {ForkUnsafeError} ERR_FORK_UNSAFE: the child would have been broken; `reason` says why
 * @throws {BlockingIOError} EAGAIN: the limit on processes is reached
 * @throws {PosixError} ENOMEM; EMFILE, ENFILE: there are not the two descriptors free that the child needs for its event loop
 * @see https://man7.org/linux/man-pages/man2/fork.2.html
 */
export function fork(options: ForkOptions = {}): number {
  const made = make(1, options, fork);
  return made.role === 'child' ? 0 : (made.pids[0] ?? 0);
}

/**
 * Makes several children of the same moment: as `fork`, but the threads are parked once for all of them, and hooks of
 * `atfork` run once in the parent. The children are each in the place of the others: `index` tells them apart.
 *
 * @param count how many, 1 to 65,536
 * @returns in the parent, the pids: fewer than `count` if the system would not make more (EAGAIN, ENOMEM)
 * @throws as `fork`, if not even the first could be made
 */
export function forkMany(count: number, options: ForkOptions = {}): Forked {
  return make(integer('count', count, 1, 65_536), options, forkMany);
}
