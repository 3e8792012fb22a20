// What a pool and its workers say to each other.
import type { ToldError } from './remote-error.js';

/** A function of one item, or of several arguments. */
export type AnyFunction = (...parameters: never[]) => unknown;

/** To a worker: call this function with each of the items. null: there is nothing more to do. */
export type Order = { readonly id: number; readonly items: readonly unknown[]; readonly spread: boolean } | null;

/** From a worker: what came out, or what the first call threw that failed. */
export type Outcome = { readonly results: unknown[] } | { readonly error: ToldError };
