// What a record is of. Its number in the shared memory is its place here.

/** The recorded calls, by their names in the addon. `blocks`: a process that is in it sleeps. */
export const calls = {
  fork: {},
  posixSpawn: {},
  spawnInTerminal: {},
  execve: {},
  execvpe: {},
  fexecve: {},
  _exit: {},
  abort: {},
  waitpid: { blocks: true },
  wait4: { blocks: true },
  waitid: { blocks: true },
  kill: {},
  killpg: {},
  sigqueue: {},
  raise: {},
  pidfd_send_signal: {},
  sigaction: {},
  takeSignal: {},
  sigsuspend: { blocks: true },
  sigtimedwait: { blocks: true },
  nanosleep: { blocks: true },
  alarm: {},
  setitimer: {},
  setsid: {},
  setpgid: {},
  tcsetpgrp: {},
  pipe2: {},
  socketpair: {},
  mkfifo: {},
  open: { blocks: true },
  dup2: {},
  read: { blocks: true },
  write: { blocks: true },
  readv: { blocks: true },
  writev: { blocks: true },
  sendFds: { blocks: true },
  recvFds: { blocks: true },
  poll: { blocks: true },
  flock: { blocks: true },
  lockf: { blocks: true },
  futexWait: { blocks: true },
  mmap: {},
  munmap: {},
  mremap: {},
  msync: {},
} as const satisfies Record<string, { blocks?: boolean }>;

export type CallKind = keyof typeof calls;

/** What a process tells of itself besides: that it is there, that Node.js has run a handler of a signal, the end, a mark. */
const told = ['start', 'born', 'handled', 'exit', 'mark'] as const;

/** What the observer has seen from outside. */
const observed = ['seen', 'state', 'died', 'gone', 'adopted', 'group', 'program'] as const;

export type Kind = CallKind | (typeof told)[number] | (typeof observed)[number];

export const kinds: readonly Kind[] = [...(Object.keys(calls) as CallKind[]), ...told, ...observed];

const numbers = new Map(kinds.map((kind, number) => [kind, number]));

export function numberOf(kind: Kind): number {
  return numbers.get(kind) ?? -1;
}

/** Whether a process that is in this call may sleep. */
export function blocks(kind: Kind): boolean {
  return (calls as Record<string, { blocks?: boolean }>)[kind]?.blocks === true;
}

/** `x` of a fork whose child is a sibling of who calls it. */
export const SIBLING = 1;
