// Debuggers, profilers and tracers of this process.
import type inspector from 'node:inspector';
import type traceEvents from 'node:trace_events';

const profiling = new Set(['--cpu-prof', '--heap-prof', '--prof']);

/**
 * The profilers that this process was started with: each writes a file at the end of the process, under a name that it
 * has chosen at the beginning, which a child would write over.
 */
export const profilers: readonly string[] = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)]
  .map((option) => option.replaceAll('_', '-'))
  .filter((option) => profiling.has(option));

/** The debuggers and tracers that work now. */
export function inspectors(): string[] {
  const found = [];
  const address = ifBuilt(() => process.getBuiltinModule('node:inspector') as typeof inspector | undefined)?.url();
  if (address !== undefined) found.push(`the inspector listens on ${address}`);
  const events = ifBuilt(() => process.getBuiltinModule('node:trace_events') as typeof traceEvents | undefined);
  const categories = events?.getEnabledCategories();
  if (categories) found.push(`events are traced (${categories})`);
  return found;
}

/** A module that a Node.js may have been built without. */
function ifBuilt<T>(load: () => T | undefined): T | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}
