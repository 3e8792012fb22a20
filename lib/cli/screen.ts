import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { emitKeypressEvents, type Key } from 'node:readline';
import { heightOf, widthOf } from './terminal.js';

const ENTER = '\x1b[?1049h\x1b[?25l'; // the alternate screen, no cursor
const LEAVE = '\x1b[?25h\x1b[?1049l';
// Lines are cut to the width anyway; a terminal that has become narrower meanwhile must not wrap them.
const [NO_WRAP, WRAP] = ['\x1b[?7l', '\x1b[?7h'];

const ends = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** The whole of the terminal, until the process ends, however it does: then the terminal is as it was. */
export class Screen {
  #open = false;

  /**
   * @param onKey is told of each key
   * @param onChange is told that all is to be drawn again: the terminal has another size, or is back
   */
  constructor(onKey: (key: Key) => void, onChange: () => void) {
    this.#enter();
    process.once('exit', () => {
      this.close();
    });
    for (const signal of ends) process.once(signal, () => process.exit(128 + constants.signals[signal]));
    process.on('SIGCONT', () => {
      this.#enter();
      onChange();
    });
    // The terminal has gone.
    process.stdout.on('error', () => process.exit(1));
    process.stdin.on('end', () => process.exit(0));
    process.stdout.on('resize', onChange);
    emitKeypressEvents(process.stdin);
    process.stdin.on('keypress', (_text: string | undefined, key: Key) => {
      if (key.ctrl && key.name === 'c') process.exit(0);
      // In raw mode these are keys and no signals.
      if (key.ctrl && key.name === 'z') this.#suspend();
      else onKey(key);
    });
  }

  get width(): number {
    return widthOf(process.stdout, 0);
  }

  get height(): number {
    return heightOf(process.stdout);
  }

  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const shown = lines.slice(0, this.height).map((line) => `${line}\x1b[K`);
    process.stdout.write(`\x1b[H${shown.join('\r\n')}\x1b[J`);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      process.stdin.setRawMode(false);
      writeSync(process.stdout.fd, WRAP + LEAVE);
    } catch {
      // There is no terminal any more that could be put right.
    }
  }

  #enter(): void {
    process.stdin.setRawMode(true);
    if (this.#open) return;
    this.#open = true;
    writeSync(process.stdout.fd, ENTER + NO_WRAP);
  }

  #suspend(): void {
    this.close();
    process.kill(process.pid, 'SIGTSTP');
  }
}
