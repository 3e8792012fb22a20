// What there is to write on: a terminal, of some size and with colours or without, or something else.
import { styleText } from 'node:util';

/** How lines are to be written. */
export interface Look {
  /** Columns. Lines are cut to it. */
  readonly width: number;
  readonly colour: boolean;
}

/** One of the standard streams. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

// What a terminal is taken to have that does not know its size, and says 0: a serial line, that of a new container.
const [USUAL_COLUMNS, USUAL_ROWS] = [80, 24];

/** The columns of a terminal. @param elsewhere what they are where there is none */
export function widthOf({ isTTY, columns = 0 }: Stream, elsewhere: number): number {
  if (isTTY !== true) return elsewhere;
  return columns > 0 ? columns : USUAL_COLUMNS;
}

/** The rows of a terminal. */
export function heightOf({ rows = 0 }: Stream): number {
  return rows > 0 ? rows : USUAL_ROWS;
}

/** Whether to write to it in colours, by https://no-color.org. */
export function wantsColour({ isTTY }: Stream): boolean {
  return isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** How to write to it. @param elsewhere the columns where there is no terminal */
export function lookOf(stream: Stream, elsewhere: number): Look {
  return { width: widthOf(stream, elsewhere), colour: wantsColour(stream) };
}

export type Paint = Parameters<typeof styleText>[0];

/** A text in colour, or as it is. */
export function painted(text: string, how: Paint | undefined, { colour }: Pick<Look, 'colour'>): string {
  // The stream has been asked already: left to itself, styleText asks stdout.
  return colour && how !== undefined && text !== '' ? styleText(how, text, { validateStream: false }) : text;
}

/** Whether this process has a terminal that can be drawn on, and keys that can be read. */
export function hasScreen(): boolean {
  return process.stdout.isTTY && process.stdin.isTTY && process.env['TERM'] !== 'dumb';
}
