// The page that two programs share: in its first word stands whose turn it is, and behind it what they say, line by line.
import { close, ftruncate, futexWait, futexWake, Mapping, O_CREAT, O_RDWR, open } from 'truefork';

const SIZE = 4096;
const WORD = 4;

export const ASKER = 0;
export const ANSWERER = 1;

export class Page {
  #mapping;
  #turn;

  constructor(path) {
    const fd = open(path, O_RDWR | O_CREAT, 0o600);
    ftruncate(fd, SIZE); // Whoever comes first makes it as long as this, filled with zeros: it is the asker's turn.
    this.#mapping = new Mapping(fd, SIZE);
    close(fd);
    this.#turn = new Int32Array(this.#mapping.buffer, 0, 1);
    this.#mapping.seek(WORD);
  }

  write(line) {
    this.#mapping.write(`${line}\n`);
  }

  readline() {
    return this.#mapping.readline().toString().trimEnd();
  }

  pass(to) {
    Atomics.store(this.#turn, 0, to);
    futexWake(this.#turn, 0, 1);
  }

  waitFor(me) {
    for (let now; (now = Atomics.load(this.#turn, 0)) !== me;) futexWait(this.#turn, 0, now);
  }
}
