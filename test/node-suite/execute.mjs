// Runs one test once, as Node's own runner does: passed is what exits with 0 in time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Process groups of tests that run, by the pid of their leader. */
const live = new Set();

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Ends all tests that run. */
export function killAll() {
  for (const pid of live) killGroup(pid);
}

// A test's environment is the user's, without what is addressed to Node.js itself or comes from npm.
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE|npm)_/.test(name)));

/**
 * @param args the arguments of `node`
 * @param place the directory and the number of the slot that the test runs in: no other runs there at that time
 * @returns how it ended: 'passed', or "exit code 1", "SIGSEGV", "60 s were not enough"; and the end of what it printed
 */
export async function execute(node, args, { suite, place, slot, env, alone, seconds }) {
  const own = join(place, String(slot));
  rmSync(own, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(join(own, 'tmp'), { recursive: true });
  const whole = {
    ...inherited,
    ...env,
    NODE_OPTIONS: '',
    NODE_TEST_DIR: own,
    TEST_PARALLEL: alone ? '0' : '1',
    TEST_SERIAL_ID: String(slot),
    TEST_THREAD_ID: String(slot),
    TMPDIR: join(own, 'tmp'),
  };
  const file = join(own, 'output');
  const output = openSync(file, 'w');
  // Not a pipe: a process that the test leaves behind may hold it.
  const child = spawn(node, args, { cwd: suite, detached: true, env: whole, stdio: ['ignore', output, output] });
  closeSync(output);
  live.add(child.pid);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, seconds * 1000);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  killGroup(child.pid);
  live.delete(child.pid);
  const end = late ? `${seconds} s were not enough` : (signal ?? (code === 0 ? 'passed' : `exit code ${code}`));
  const text = readFileSync(file, 'utf8');
  return { end, output: text.slice(-8_000), skipped: /^1\.\.0 # Skipped/m.test(text) };
}
