// What a record says, in the words of the man pages: `waitpid(-1) = 4711, exited with 3`.
import {
  decodeWaitStatus,
  errno,
  MAP_SHARED,
  O_RDWR,
  O_WRONLY,
  signalName,
  WNOHANG,
  type ErrnoName,
} from '../posix/index.js';
import { waitedFor } from './cast.js';
import type { Kind } from './kinds.js';
import type { LogRecord } from './log.js';
import { counted } from './units.js';

type Sentence = (record: LogRecord) => string;

const codes = new Map(Object.entries(errno).map(([name, number]) => [number, name as ErrnoName]));

/** Why the call has failed; undefined: it has not, or has not come back. */
export function errorOf({ kind, end, result }: LogRecord): ErrnoName | 'failed' | undefined {
  // That a signal interrupts it is how sigsuspend(2) ends.
  if (end === undefined || result >= 0 || kind === 'sigsuspend') return undefined;
  return codes.get(-result) ?? 'failed';
}

/** A status of waitpid. */
function ending(status: number): string {
  const decoded = decodeWaitStatus(status);
  switch (decoded.state) {
    case 'exited':
      return `exited with ${decoded.code}`;
    case 'signaled':
      return `killed by ${decoded.signal}${decoded.coreDumped ? ', core dumped' : ''}`;
    case 'stopped':
      return `stopped by ${decoded.signal}`;
    case 'continued':
      return 'continued';
  }
}

function wait(name: string): Sentence {
  return (record) => {
    const flags = (record.x & WNOHANG) === 0 ? '' : ', WNOHANG';
    const found = waitedFor(record);
    const said = found ? ` = ${found.pid}, ${ending(found.status)}` : record.end === undefined ? '' : ' = 0';
    return `${name}(${record.a}${flags})${record.result < 0 ? '' : said}`;
  };
}

function send(name: string): Sentence {
  return ({ a, x }) => `${name}(${a}, ${signalName(x)})`;
}

function traffic(name: string): Sentence {
  return ({ x, end, result }) =>
    `${name}(${x})${end === undefined || result < 0 ? '' : ` = ${counted(result, 'byte')}`}`;
}

function from(sender: number): string {
  return sender > 0 ? ` from process ${sender}` : '';
}

const actions = ['SIG_DFL', 'SIG_IGN', 'a handler'];
const timers = ['ITIMER_REAL', 'ITIMER_VIRTUAL', 'ITIMER_PROF'];

const sentences: Partial<Record<Kind, Sentence>> = {
  start: ({ text }) => `starts: ${text}`,
  born: () => 'is born',
  exit: ({ x }) => `exit event, code ${x}`,
  mark: ({ text }) => text,
  handled: ({ x }) => `handles ${signalName(x)}`,
  takeSignal: ({ a, x }) => `handles ${signalName(x)}${from(a)}`,
  fork: ({ end, result, text }) =>
    end === undefined ? 'fork()' : result > 0 ? `fork() = ${result}` : `fork()${text && `, ${text}`}`,
  posixSpawn: ({ result, text }) => `posix_spawn: ${text}${result > 0 ? ` = ${result}` : ''}`,
  spawnInTerminal: ({ result, text }) => `in a terminal: ${text}${result > 0 ? ` = ${result}` : ''}`,
  execve: ({ text }) => `exec: ${text}`,
  execvpe: ({ text }) => `exec: ${text}`,
  fexecve: ({ text }) => `exec: ${text}`,
  _exit: ({ x }) => `_exit(${x})`,
  abort: () => 'abort()',
  waitpid: wait('waitpid'),
  wait4: wait('wait4'),
  waitid: wait('waitid'),
  kill: send('kill'),
  killpg: send('killpg'),
  sigqueue: send('sigqueue'),
  pidfd_send_signal: send('pidfd_send_signal'),
  raise: ({ x }) => `raise(${signalName(x)})`,
  sigaction: ({ x, y }) => `${signalName(x)}: ${actions[y] ?? 'an action'}`,
  sigsuspend: () => 'waits for a signal',
  sigtimedwait: ({ a, x, result }) => (result > 0 ? `accepts ${signalName(x)}${from(a)}` : 'waits for a signal'),
  nanosleep: ({ a }) => `sleeps ${a} s`,
  alarm: ({ a }) => `alarm(${a})`,
  setitimer: ({ x, a, b }) => `setitimer(${timers[x] ?? x}, ${a}, ${b})`,
  setsid: ({ result }) => `setsid()${result > 0 ? ` = ${result}` : ''}`,
  setpgid: ({ a, b }) => `setpgid(${a}, ${b})`,
  tcsetpgrp: ({ x, a }) => `tcsetpgrp(${x}, ${a})`,
  pipe2: ({ x, y, result }) => (result < 0 ? 'pipe()' : `pipe() = ${x}, ${y}`),
  socketpair: ({ x, y, result }) => (result < 0 ? 'socketpair()' : `socketpair() = ${x}, ${y}`),
  mkfifo: ({ text }) => `mkfifo(${text})`,
  open: ({ text, x, result }) => {
    const access = x & (O_RDWR | O_WRONLY);
    const mode = access === O_RDWR ? 'O_RDWR' : access === O_WRONLY ? 'O_WRONLY' : 'O_RDONLY';
    return `open(${text}, ${mode})${result > 0 ? ` = ${result}` : ''}`;
  },
  dup2: ({ x, y }) => `dup2(${x}, ${y})`,
  read: traffic('read'),
  readv: traffic('readv'),
  recvFds: traffic('recvmsg'),
  write: traffic('write'),
  writev: traffic('writev'),
  sendFds: traffic('sendmsg'),
  poll: ({ a }) => (a < 0 ? 'poll()' : `poll(), ${a} ms`),
  flock: ({ x }) => `flock(${x})`,
  lockf: ({ x }) => `lockf(${x})`,
  futexWait: () => 'futexWait()',
  mmap: ({ a, x, y }) => {
    const of = x < 0 ? 'anonymous' : `of descriptor ${x}`;
    return `mmap: ${counted(a, 'byte')}, ${(y & MAP_SHARED) === 0 ? 'private' : 'shared'}, ${of}`;
  },
  munmap: ({ a }) => `munmap: ${counted(a, 'byte')}`,
  mremap: ({ a, b }) => `mremap: ${counted(a, 'byte')}, then ${counted(b, 'byte')}`,
  msync: ({ a }) => `msync: ${counted(a, 'byte')}`,
};

/** What a process has told, as a sentence without its subject. */
export function sentence(record: LogRecord): string {
  const said = sentences[record.kind]?.(record) ?? record.kind;
  const error = errorOf(record);
  return error === undefined ? said : `${said}: ${error}`;
}
