// Sets of signals, as the addon has them: two 32-bit words, of which bit n - 1 is signal n.
import { wrongType } from './arguments.js';
import { allSignals, signalNumber, type Signal } from './signal.js';

export function emptySet(): Uint32Array {
  return new Uint32Array(2);
}

export function toWords(name: string, set: readonly Signal[]): Uint32Array {
  if (!Array.isArray(set)) throw wrongType(name, 'an Array of signals', set);
  const words = emptySet();
  for (const signal of set as readonly Signal[]) {
    const bit = signalNumber(signal) - 1;
    words[bit >> 5] = (words[bit >> 5] ?? 0) | (1 << (bit & 31));
  }
  return words;
}

export function toSet(words: Uint32Array): Signal[] {
  return allSignals.filter((_, bit) => ((words[bit >> 5] ?? 0) >>> (bit & 31)) & 1);
}
