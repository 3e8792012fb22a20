// Tells whoever has started this process as a service how the server is: sd_notify(3), a datagram to $NOTIFY_SOCKET.
import { INT_MAX } from '../mistakes.js';
import {
  AF_UNIX,
  atfork,
  close,
  isPosixError,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  sendto,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  socket,
} from '../posix/index.js';
import { Agenda } from './agenda.js';
import type { Note } from './log.js';
import type { Master } from './master.js';
import { predecessor } from './predecessor.js';

const AGAIN = 100; // milliseconds until a message is sent again for which there was no room
// What it takes to send one has run out: later there is some again.
const noRoom = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'] as const;
const variables = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

type Fields = Readonly<Record<string, string | number | bigint>>;

/**
 * Follows a master: READY when it is told so, RELOADING while the workers are replaced, STATUS when their number changes,
 * STOPPING, MAINPID when another master takes over, and WATCHDOG while the event loop of the master turns. A message that cannot be sent harms nobody.
 */
export class Notifier {
  readonly #master: Master;
  readonly #path: string;
  readonly #note: Note;
  readonly #agenda = new Agenda();
  readonly #forgetFork: () => void;
  /** Messages that have to arrive, and have not been sent. */
  readonly #unsent: string[] = [];
  #statusDue = false;
  #failing = false;
  #stopping = false;
  /** Whether this process is the service: before an upgrade is done it is another, and after the next. */
  #speaks = predecessor() === undefined;

  /** The notifier of a master that is a service; undefined if nobody is to be told. */
  static of(master: Master, note: Note): Notifier | undefined {
    const path = process.env['NOTIFY_SOCKET'];
    return path ? new Notifier(master, path, note) : undefined;
  }

  private constructor(master: Master, path: string, note: Note) {
    this.#master = master;
    this.#path = path.replace(/^@/, '\0');
    this.#note = note;
    // A worker is no service: whoever asks in it, a library say, would tell of the worker as of the server.
    this.#forgetFork = atfork({
      child: () => {
        this.#close();
        for (const name of variables) Reflect.deleteProperty(process.env, name);
      },
    });
    const changed = () => {
      this.#changed();
    };
    master.on('ready', changed);
    master.on('exit', changed);
    master.on('replacing', (finished) => {
      this.#reloading(finished);
    });
    master.on('upgrading', (finished) => {
      this.#upgrading(finished);
    });
    master.on('stopping', () => {
      if (!this.#speaks) return;
      this.#stopping = true;
      this.#tell({ STOPPING: 1, STATUS: this.#status() });
    });
    master.on('stopped', () => {
      this.#close();
    });
    const interval = watchdogInterval();
    if (interval !== undefined) {
      this.#agenda.every(interval, () => {
        this.#mention({ WATCHDOG: 1 });
      });
    }
  }

  /** All workers accept connections. */
  ready(): void {
    this.#speaks = true;
    if (!this.#stopping) this.#tell({ READY: 1, MAINPID: process.pid, STATUS: this.#status() });
  }

  #reloading(finished: Promise<void>): void {
    // The manager tells by the time whether this comes of its own request to reload.
    this.#tell({ RELOADING: 1, MONOTONIC_USEC: process.hrtime.bigint() / 1_000n });
    const ready = () => {
      this.ready();
    };
    // Also if it has failed: the old workers serve.
    finished.then(ready, ready);
  }

  #upgrading(finished: Promise<number>): void {
    this.#tell({ RELOADING: 1, MONOTONIC_USEC: process.hrtime.bigint() / 1_000n });
    finished.then(
      (successor) => {
        // The manager may listen to nobody but the main process: now it hears the new one, which says READY itself.
        this.#tell({ MAINPID: successor });
        this.#speaks = false;
      },
      () => {
        this.ready();
      },
    );
  }

  // Many workers may change at once.
  #changed(): void {
    if (this.#statusDue) return;
    this.#statusDue = true;
    this.#agenda.after(0, () => {
      this.#statusDue = false;
      this.#mention({ STATUS: this.#status() });
    });
  }

  #status(): string {
    const counts = new Map<string, number>();
    for (const { state } of this.#master.workers) counts.set(state, (counts.get(state) ?? 0) + 1);
    return `workers: ${Array.from(counts, ([state, count]) => `${count} ${state}`).join(', ') || 'none'}`;
  }

  /** What has to arrive, and in this order. */
  #tell(fields: Fields): void {
    this.#unsent.push(messageOf(fields));
    if (this.#unsent.length === 1) this.#sendAll();
  }

  /** What the next message of its kind says anew. */
  #mention(fields: Fields): void {
    if (this.#unsent.length === 0 && this.#speaks) this.#send(messageOf(fields));
  }

  #sendAll(): void {
    for (let [message] = this.#unsent; message !== undefined; [message] = this.#unsent) {
      if (this.#send(message) === 'no room') {
        this.#agenda.after(AGAIN, () => {
          this.#sendAll();
        });
        return;
      }
      this.#unsent.shift();
    }
  }

  // With a socket for each: none is open that a worker could have.
  #send(message: string): 'sent' | 'no room' | 'failed' {
    try {
      const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      try {
        sendto(fd, Buffer.from(message), MSG_DONTWAIT | MSG_NOSIGNAL, this.#path);
      } finally {
        close(fd);
      }
      this.#failing = false;
      return 'sent';
    } catch (error) {
      // The manager is slow.
      if (isPosixError(error, 'EAGAIN')) return 'no room';
      // Once, not with every sign of life.
      if (!this.#failing) {
        this.#note('notify failed', {}, { reason: (error as Error).message });
      }
      this.#failing = true;
      return noRoom.some((code) => isPosixError(error, code)) ? 'no room' : 'failed';
    }
  }

  #close(): void {
    this.#agenda.clear();
    this.#forgetFork();
  }
}

function messageOf(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

// Half of the time after which the manager takes this process for dead, in milliseconds: sd_watchdog_enabled(3).
function watchdogInterval(): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = process.env;
  const time = Number(WATCHDOG_USEC);
  if (!(time > 0) || (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== process.pid)) return undefined;
  return Math.min(time / 2_000, INT_MAX);
}
