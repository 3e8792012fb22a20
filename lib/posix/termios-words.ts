// The modes and the size of a terminal, between the program and the addon.
import { integer, list, object } from './arguments.js';
import { constant } from './native.js';

/** The modes of a terminal: `struct termios`. */
export interface Termios {
  /** Of input: `ICRNL | IXON` and the like. */
  iflag: number;
  /** Of output: `OPOST | ONLCR` and the like. */
  oflag: number;
  /** Of the line: `CS8 | CREAD` and the like. */
  cflag: number;
  /** Of the local side: `ECHO | ICANON | ISIG` and the like. */
  lflag: number;
  /** The line discipline; 0 is that of terminals. */
  line: number;
  /** `B9600`, `B38400` and the like: not bits per second. */
  ispeed: number;
  /** The same of output. */
  ospeed: number;
  /** The special characters, by their codes, at `VINTR`, `VEOF` and so on; at `VMIN` and `VTIME` two numbers. */
  cc: number[];
}

const NCCS = constant('NCCS');
const FIELDS = ['iflag', 'oflag', 'cflag', 'lflag', 'line', 'ispeed', 'ospeed'] as const;
const UINT_MAX = 2 ** 32 - 1;

/** Room for the modes as the addon gives them. */
export function newWords(): Uint32Array {
  return new Uint32Array(FIELDS.length + NCCS);
}

/** The modes as the addon takes them. */
export function toWords(name: string, termios: Termios): Uint32Array {
  object(name, termios);
  const words = newWords();
  FIELDS.forEach((field, index) => {
    words[index] = integer(`${name}.${field}`, termios[field], 0, field === 'line' ? 255 : UINT_MAX);
  });
  const cc = list(`${name}.cc`, 'codes', termios.cc, (code, value) => integer(code, value, 0, 255));
  integer(`${name}.cc.length`, cc.length, 0, NCCS);
  words.set(cc, FIELDS.length);
  return words;
}

/** The modes as the addon gives them. */
export function fromWords(words: Uint32Array): Termios {
  const [iflag = 0, oflag = 0, cflag = 0, lflag = 0, line = 0, ispeed = 0, ospeed = 0, ...cc] = words;
  return { iflag, oflag, cflag, lflag, line, ispeed, ospeed, cc };
}

/** The size of a terminal in characters: `struct winsize`. */
export interface WindowSize {
  /** 0 to 65,535; 0 if nobody has set it. */
  rows: number;
  /** 0 to 65,535; 0 if nobody has set it. */
  cols: number;
}

/** The size as the kernel has it. */
export function toWinsize(name: string, size: WindowSize): Uint16Array {
  const { rows, cols } = object(name, size);
  return Uint16Array.of(integer(`${name}.rows`, rows, 0, 65_535), integer(`${name}.cols`, cols, 0, 65_535), 0, 0);
}
