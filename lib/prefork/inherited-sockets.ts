// The sockets that whoever started this process has opened for it, from descriptor 3 on: systemd's socket activation,
// sd_listen_fds(3); or the master whose place this process is to take, which hands its own over in the same way.
import { F_GETFD, fcntl, isPosixError } from '../posix/index.js';
import { PreforkError } from './errors.js';

const FIRST = 3; // SD_LISTEN_FDS_START
const variables = ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

/** What a master calls its sockets when it hands them over. Other names are as good: they are those of systemd's units. */
export const socketNames = {
  /** That all workers share. */
  shared: 'truefork',
  /** A Unix socket that all share, and whose file goes when the server ends. */
  file: 'truefork-file',
  /** One of several on a port, each for a worker; in the order in which they began to listen. */
  group: 'truefork-group',
  /** That of the status page. */
  status: 'truefork-status',
} as const;

/** A socket with a name, as in LISTEN_FDNAMES. @inline */
export interface NamedSocket {
  readonly fd: number;
  readonly name: string;
}

/** Those that nobody has taken yet. */
let untaken: readonly NamedSocket[] = [];

/**
 * The sockets that this process was started with and that nobody has taken. The environment says so to this process alone:
 * once it is read, no child sees it.
 *
 * @param wanted by their names
 * @throws {PreforkError} ERR_PREFORK_INHERIT: it says what cannot be
 */
export function takeSockets(wanted: (name: string) => boolean): readonly NamedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = process.env;
  if (LISTEN_FDS !== undefined && Number(LISTEN_PID) === process.pid) {
    const names = LISTEN_FDNAMES.split(':');
    untaken = descriptors(LISTEN_FDS).map((fd, n) => ({ fd, name: names[n] ?? '' }));
    for (const name of variables) Reflect.deleteProperty(process.env, name);
  }
  const taken = untaken.filter(({ name }) => wanted(name));
  untaken = untaken.filter((socket) => !taken.includes(socket));
  return taken;
}

/** Those from the first one on. */
function descriptors(count: string): number[] {
  if (!/^\d+$/.test(count)) throw new PreforkError('ERR_PREFORK_INHERIT', `LISTEN_FDS is no number: '${count}'`);
  const fds: number[] = [];
  for (let fd = FIRST; fd < FIRST + Number(count); fd++) {
    try {
      fcntl(fd, F_GETFD);
    } catch (error) {
      if (!isPosixError(error, 'EBADF')) throw error;
      throw new PreforkError('ERR_PREFORK_INHERIT', `LISTEN_FDS is ${count}, and descriptor ${fd} is not open`);
    }
    fds.push(fd);
  }
  return fds;
}

/** The variables by which another process is told of sockets: all but its own pid. */
export function describing(sockets: readonly NamedSocket[]): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(variables.map((name) => [name, undefined])),
    LISTEN_FDS: String(sockets.length),
    LISTEN_FDNAMES: sockets.map(({ name }) => name).join(':'),
  };
}
