// The sockets that whoever started this process has opened for it, from descriptor 3 on: systemd's socket activation,
// sd_listen_fds(3); or the master whose place this process is to take, which hands its own over in the same way.

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
 */
export function takeSockets(wanted: (name: string) => boolean): readonly NamedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = process.env;
  if (Number(LISTEN_PID) === process.pid && Number(LISTEN_FDS) > 0) {
    const names = LISTEN_FDNAMES.split(':');
    untaken = Array.from({ length: Number(LISTEN_FDS) }, (_, n) => ({ fd: FIRST + n, name: names[n] ?? '' }));
    for (const name of variables) Reflect.deleteProperty(process.env, name);
  }
  const taken = untaken.filter(({ name }) => wanted(name));
  untaken = untaken.filter((socket) => !taken.includes(socket));
  return taken;
}

/** The variables by which another process is told of sockets: all but its own pid. */
export function describing(sockets: readonly NamedSocket[]): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(variables.map((name) => [name, undefined])),
    LISTEN_FDS: String(sockets.length),
    LISTEN_FDNAMES: sockets.map(({ name }) => name).join(':'),
  };
}
