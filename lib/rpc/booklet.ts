// The services of the booklet's RPC server. https://github.com/pyloque/juejin_rpc_py
import type { Handlers } from './handlers.js';

// The original builds a list of n + 1 numbers. Here n costs only time, and that of everyone else on this thread: 10⁷
// take some 50 ms.
const maxTerms = 10_000_000;

/** @throws TypeError not an integer; RangeError: it is too large */
function termsOf(params: unknown): number {
  if (!Number.isSafeInteger(params)) throw new TypeError('pi takes an integer');
  const last = params as number;
  if (last > maxTerms) throw new RangeError(`pi takes an integer of at most ${maxTerms}`);
  return last;
}

/**
 * π by the series of 1/(2i+1)² with i from 0 to n, to the very digits of the booklet's server: √(8 Σ 1/(2i+1)/(2i+1)).
 *
 * @param last n, an integer of at most 10 000 000; of a negative one the sum is empty and the result 0
 */
function pi(last: number): number {
  let sum = 0;
  for (let i = 0; i <= last; i++) {
    const odd = 2 * i + 1;
    sum += 1 / odd / odd;
  }
  return Math.sqrt(8 * sum);
}

/** The booklet's two services: `ping` echoes its params as `pong`; `pi` answers π from n + 1 terms as `pi_r`. */
export const booklet = {
  ping: { out: 'pong', handle: (params: unknown) => params },
  pi: { out: 'pi_r', params: termsOf, handle: pi },
} satisfies Handlers;
