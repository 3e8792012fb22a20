// CLOCK_MONOTONIC, which is the same in all processes, in milliseconds. performance.now() is it, less the time at which this
// program was started, and costs less than hrtime.
import { performance } from 'node:perf_hooks';
import process from 'node:process';

// As they are now: a test of the program may put false ones there.
const read = performance.now.bind(performance);
const offset = Number(process.hrtime.bigint()) / 1e6 - read();

export function now(): number {
  return read() + offset;
}
