// The application of `truefork serve`: what a file exports.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { Server } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { UsageError } from './command.js';

type Listener = (...args: unknown[]) => unknown;

/** The server that a file exports by default: a server, a request listener, or a function that makes either. */
async function serverFrom(file: string): Promise<Server> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`there is no file ${file}`);
  let exported;
  try {
    exported = await exportOf(path);
  } catch (error) {
    // With its stack: the mistake is in somebody's program, and they want to know where.
    throw new Error(`${file} could not be loaded: ${inspect(error)}`, { cause: error });
  }
  if (exported instanceof Server) return exported;
  if (typeof exported === 'function') return createServer(exported as Listener);
  throw new UsageError(
    `${file} must export by default a server of net, http or https, a listener (request, response) => …, or a function without parameters that returns one`,
  );
}

async function exportOf(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  let exported = module.default;
  // A CommonJS file that a compiler made of an ES module.
  if (typeof exported === 'object' && exported !== null && '__esModule' in exported && 'default' in exported) {
    exported = exported.default;
  }
  return isFactory(exported) ? await exported() : exported;
}

// A request listener takes the request and the response: Express's and Koa's do.
function isFactory(value: unknown): value is () => unknown {
  return typeof value === 'function' && value.length < 2;
}

const FAILED = 1;
const WRONG_EXPORT = 2;

/**
 * In a mold: the server that a file exports. When there is none, it says why and ends the process, with status 2 for a file
 * that exports something else, and 1 for all else.
 */
export async function loaded(file: string): Promise<Server> {
  try {
    return await serverFrom(file);
  } catch (error) {
    const code = error instanceof UsageError ? WRONG_EXPORT : FAILED;
    const { message } = error as Error;
    await new Promise((written) => process.stderr.write(`truefork: ${message}\n`, written));
    process.exit(code);
  }
}
