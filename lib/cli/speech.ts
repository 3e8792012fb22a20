// What a program says, by whom and when: each line of its family with the process that has written it.
import { StringDecoder } from 'node:string_decoder';
import {
  AF_UNIX,
  close,
  isPosixError,
  MSG_DONTWAIT,
  processStat,
  recvCredentials,
  setsockopt,
  SO_PASSCRED,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  socketpair,
  SOL_SOCKET,
  Watcher,
  type ReceivedCredentials,
} from '../posix/index.js';

/** What a process has said at once: a line, or several that it has written together. */
export interface Utterance {
  readonly pid: number;
  /** Whose child it was then; 0: not known, it has ended. */
  readonly ppid: number;
  /** In milliseconds since the ear was opened. */
  readonly at: number;
  /** Without the end of the last line. */
  readonly text: string;
}

const CHUNK = 65_536;

/**
 * A socket for a program's output, which the kernel tells who writes. To the program it is a pipe: it goes on at its own pace,
 * whatever becomes of what it has said.
 */
export class Ear implements Disposable {
  /** For the program: its standard output, and its standard error. */
  readonly mouth: number;
  readonly #fd: number;
  readonly #watcher: Watcher;
  #hasMouth = true;
  #closed = false;
  readonly #start = performance.now();
  readonly #unfinished = new Map<number, { decoder: StringDecoder; text: string }>();
  readonly #hear: (said: Utterance) => void;
  #end: () => void = () => undefined;
  /** When nobody can say anything any more. */
  readonly silence = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(hear: (said: Utterance) => void) {
    this.#hear = hear;
    [this.#fd, this.mouth] = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(this.#fd, SOL_SOCKET, SO_PASSCRED, 1);
    this.#watcher = new Watcher(this.#fd, () => {
      this.#listen();
    });
  }

  #listen(): void {
    const buffer = Buffer.allocUnsafe(CHUNK);
    let received: ReceivedCredentials;
    try {
      received = recvCredentials(this.#fd, buffer, MSG_DONTWAIT);
    } catch (error) {
      if (isPosixError(error, 'EAGAIN')) return;
      throw error;
    }
    if (received.length > 0) {
      this.#take(received.pid, buffer.subarray(0, received.length));
      return;
    }
    for (const [pid, { text }] of this.#unfinished) if (text !== '') this.#say(pid, text);
    this.#watcher.close();
    this.#end();
  }

  #take(pid: number, bytes: Buffer): void {
    let unfinished = this.#unfinished.get(pid);
    if (!unfinished) this.#unfinished.set(pid, (unfinished = { decoder: new StringDecoder('utf8'), text: '' }));
    const text = unfinished.text + unfinished.decoder.write(bytes);
    const end = text.lastIndexOf('\n');
    unfinished.text = text.slice(end + 1);
    if (end >= 0) this.#say(pid, text.slice(0, end));
  }

  #say(pid: number, text: string): void {
    const ppid = processStat(pid)?.ppid ?? 0;
    this.#hear({ pid, ppid, at: performance.now() - this.#start, text });
  }

  /** The program has its end by now: from now on, only the program. Again is no mistake. */
  giveMouth(): void {
    if (this.#hasMouth) close(this.mouth);
    this.#hasMouth = false;
  }

  [Symbol.dispose](): void {
    this.giveMouth();
    this.#watcher.close();
    if (!this.#closed) close(this.#fd);
    this.#closed = true;
  }
}
