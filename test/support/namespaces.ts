// Programs that are process 1 of a pid namespace of their own, as in a container: by unshare(1) of util-linux.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RunOptions } from './programs';

/**
 * How to run a program so, on this Node.js. The program's pid is that of unshare, whose only child it is; it ends with the
 * program's exit code, and the namespace with it. Without root it needs user namespaces: where a sandbox forbids those,
 * unshare says so on stderr, and the test fails.
 */
export function asProcess1(node = process.execPath): Required<Pick<RunOptions, 'node' | 'nodeArgs'>> {
  return { node: 'unshare', nodeArgs: [...own(), node] };
}

/**
 * How to run a program so, with networks of its own too, on which it can make hosts (`programs/support/hosts.mjs`): they are
 * apart from those of this machine, and end with it.
 */
export function asHosts(node = process.execPath): Required<Pick<RunOptions, 'node' | 'nodeArgs'>> {
  return { node: 'unshare', nodeArgs: [...own('--net'), node] };
}

/** Why this machine does not let a test make hosts, and what it takes; undefined: it does. */
export function hostsMissing(): string | undefined {
  const steps = [
    'ip link add net0 type bridge',
    'ip link add port0 type veth peer eth0',
    'ip link set port0 master net0 up',
    'unshare --net ip link set lo up',
  ];
  const { status, error, stderr } = spawnSync('unshare', [...own('--net'), 'sh', '-e', '-c', steps.join('\n')], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  const reason = (error?.message ?? stderr).trim();
  return `it takes ip(8) of iproute2, the kernel's bridge and veth, and root, or user namespaces that a sandbox does not forbid: ${reason}`;
}

/** How to run a program that does not see this process in /proc, as where that is mounted with hidepid. */
export function notSeeing(pid: number, node = process.execPath): Required<Pick<RunOptions, 'node' | 'nodeArgs'>> {
  const hide = 'mount -t tmpfs none "/proc/$0" && exec "$@"';
  return { node: 'unshare', nodeArgs: [...user(), '--mount', 'sh', '-c', hide, String(pid), node] };
}

function own(...more: string[]): string[] {
  return [...user(), ...more, '--pid', '--fork', '--mount-proc', '--kill-child'];
}

/** Without root, namespaces take one of users. */
function user(): string[] {
  return process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
}

/** The pid of a process in its own namespace, by the one that it has here. */
export function innerPid(pid: number): number {
  const [, pids = ''] = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(pids.trim().split(/\s+/).at(-1));
}
