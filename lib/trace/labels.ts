// Places for texts, so that none lies on another.
import { element, escaped } from './xml.js';

/** The width of a character of the drawings' font, in parts of its size: a little more than most take. */
const ADVANCE = 0.6;

export function textWidth(text: string, size: number): number {
  // Chinese and its like take a whole square.
  const wide = text.match(/[\u1100-\u115F\u2E80-\uFFDC\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/gu)?.length ?? 0;
  return (Array.from(text).length + wide * 0.7) * size * ADVANCE;
}

/** So much of a text as fits. */
export function clipped(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const letters = Array.from(text);
  while (letters.length > 0 && textWidth(`${letters.join('')}…`, size) > width) letters.pop();
  return `${letters.join('').trimEnd()}…`;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Place {
  /** Where the text begins, ends or has its middle. */
  readonly x: number;
  /** Its base line. */
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
}

export class Labels {
  readonly #taken: Box[] = [];
  readonly #limits: Box;

  constructor(limits: Box) {
    this.#limits = limits;
  }

  /** Nothing is written here. */
  take(left: number, right: number, top: number, bottom: number): void {
    this.#taken.push({ left, right, top, bottom });
  }

  /** Writes a text at the first of the places where it lies on nothing; nowhere if there is none. */
  write(text: string, size: number, className: string, places: readonly Place[]): string {
    const width = textWidth(text, size);
    for (const { x, y, anchor = 'start' } of places) {
      const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
      const box = { left, right: left + width, top: y - size * 0.8, bottom: y + size * 0.25 };
      if (!this.#isFree(box)) continue;
      this.#taken.push(box);
      const attributes = { class: className, x, y, 'text-anchor': anchor === 'start' ? undefined : anchor };
      return element('text', attributes, escaped(text));
    }
    return '';
  }

  #isFree({ left, right, top, bottom }: Box): boolean {
    const limits = this.#limits;
    if (left < limits.left || right > limits.right || top < limits.top || bottom > limits.bottom) return false;
    return !this.#taken.some((box) => left < box.right && right > box.left && top < box.bottom && bottom > box.top);
  }
}
