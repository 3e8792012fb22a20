// Programs that are process 1 of a pid namespace of their own, as in a container: by unshare(1) of util-linux.
import { readFileSync } from 'node:fs';
import type { RunOptions } from './programs';

/**
 * How to run a program so, on this Node.js. The program's pid is that of unshare, whose only child it is; it ends with the
 * program's exit code, and the namespace with it. Without root it needs user namespaces: where a sandbox forbids those,
 * unshare says so on stderr, and the test fails.
 */
export function asProcess1(node = process.execPath): Required<Pick<RunOptions, 'node' | 'nodeArgs'>> {
  const root = process.getuid?.() === 0;
  const user = root ? [] : ['--user', '--map-root-user'];
  return { node: 'unshare', nodeArgs: [...user, '--pid', '--fork', '--mount-proc', '--kill-child', node] };
}

/** The pid of a process in its own namespace, by the one that it has here. */
export function innerPid(pid: number): number {
  const [, pids = ''] = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(pids.trim().split(/\s+/).at(-1));
}
