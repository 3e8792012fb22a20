// How a program that is executed learns that it is traced: by its environment.
import { join } from 'node:path';

/** Where the recording is: /proc/PID/fd/FD of who traces, which no other user can open, and nobody has to remove. */
export const tapeVariable = 'TRUEFORK_TRACE';

const preload = join(__dirname, 'preload.js');

// In NODE_OPTIONS, spaces are between options.
function quoted(word: string): string {
  return `"${word.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** The environment of a traced program. */
export function tracedEnvironment(env: NodeJS.ProcessEnv, tape: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS = '' } = env;
  const options = `--require ${quoted(preload)} ${NODE_OPTIONS}`.trim();
  return { ...env, [tapeVariable]: tape, NODE_OPTIONS: options };
}

/** The environment of who observes: whatever else the program has its Node.js do, it is not to be done in there. */
export function observerEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const left = ['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_CHANNEL_FD', tapeVariable];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !left.includes(name)));
}
