/**
 * The tools between forked processes: what Python's `multiprocessing` has, on shared memory, futexes and sockets.
 *
 * @module truefork/ipc
 */
export * from './errors.js';
export type { AsyncWaitOptions, WaitOptions } from './options.js';
export { Barrier } from './barrier.js';
export { BoundedSemaphore } from './bounded-semaphore.js';
export { Channel, type ChannelOptions } from './channel.js';
export { Condition } from './condition.js';
export { Event } from './event.js';
export { Lock, RLock } from './lock.js';
export { Pool, type MapOptions, type TaskOptions } from './pool.js';
export { Queue, type QueueOptions } from './queue.js';
export { Semaphore } from './semaphore.js';
export { SharedArray, SharedValue, type ArrayKind } from './shared-array.js';
