// What handlers of signals are told, and what signals do to a child.
import { sigaction, waitpid } from 'truefork';
import { child } from '../posix-cases.mjs';

/** What the handler of a signal is told, in the order of its calls. */
export function recorded(sig, flags = 0, mask = []) {
  const calls = [];
  sigaction(sig, { handler: (...told) => calls.push(told), mask, flags });
  return calls;
}

/** How a child ends that runs this: its status. */
export const statusOfChild = (body) => waitpid(child(body), 0).status;
