// What V8 learns of the shapes of Node's own objects, and what it should not: it costs a server a quarter of its speed, or a third.
import { AsyncLocalStorage, executionAsyncResource } from 'node:async_hooks';
import { Socket } from 'node:net';

// What is kept must not keep what some caller has in an AsyncLocalStorage.
const outside = AsyncLocalStorage.snapshot();

let tick: object | undefined;

/**
 * Has process.nextTick() stay as fast as it is. What it makes of a call is an object literal with computed keys. V8 makes good
 * code for those as long as it has seen one shape there, and a full collection drops a shape that no object has at the time: at
 * once where it is to save memory, as V8 does with a process that has come to rest. The same literal makes a new one then,
 * and more than one is "anything", for ever. A server of node:http answered a quarter fewer requests a second from then on
 * (Node.js 20 to 26). One such object that is kept keeps the shape.
 */
export function keepTicksFast(): void {
  if (tick) return;
  // While it waits, it is kept too: a collection may follow directly.
  outside(() => {
    process.nextTick(() => {
      tick = executionAsyncResource();
    });
  });
}

/** Of so many shapes V8 takes note at one place in the code, at most four, when it has run often enough to take note at all. */
const SHAPES = 40;
/** Whether this is the V8 of Node.js 22 (12.4) or a later one: that of Node.js 20 is 11.3. */
export const isV8From12 = parseInt(process.versions.v8) >= 12;

let several = isV8From12;

/**
 * Has sockets be made faster, in Node.js 20. They add to a copy of their options (`{ ...options }`). The V8 of Node.js 20 gives
 * a copy at a place where it has seen few shapes one that is in no tree of shapes, so that what is added makes new ones each
 * time, and whatever reads the options misses its caches: 29 times for each connection. A server of node:http took 28 µs for
 * itself of each, and takes 17. Where V8 has seen many shapes it copies one property after the other, and all copies are alike.
 */
export function makeSocketsFast(): void {
  if (several) return;
  several = true;
  for (let shape = 0; shape < SHAPES; shape += 1) new Socket({ [`option${String(shape)}`]: true });
}
