// An HTTP server under prefork, with the options of the first argument (JSON). Its log goes to stdout, and `collected PID N` for
// each collection under pressure, as releaseMemory() makes them, after the N-th /work and before the next.
//
// /work takes memory, /light computes for a moment; each answer is the pid, and how many megabytes the young generation has.
import { createServer } from 'node:http';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { prefork } from 'truefork/prefork';
import { growTo, young } from './young-generation.mjs';

const LIGHT = 2; // milliseconds

let works = 0;
let workedAt = 0;

const work = {
  '/': () => undefined,
  '/light'() {
    const end = performance.now() + LIGHT;
    while (performance.now() < end);
  },
  '/work'() {
    growTo(16);
    works++;
    workedAt = performance.now();
  },
};

const server = createServer((request, response) => {
  work[request.url]();
  response.end(`${process.pid} ${Math.round(young())}`);
});

// A client rests as long as it likes.
server.keepAliveTimeout = 0;

new PerformanceObserver((list) => {
  for (const { detail, startTime } of list.getEntries()) {
    // What has come before it is told may be newer.
    if (detail.flags & constants.NODE_PERFORMANCE_GC_FLAGS_ALL_EXTERNAL_MEMORY && startTime >= workedAt) {
      console.log('collected', process.pid, works);
    }
  }
}).observe({ entryTypes: ['gc'] });

await prefork(server, { host: '127.0.0.1', ...JSON.parse(process.argv[2]), log: console.log });
console.log('up');
