/** A time in milliseconds, as it is read: `0.25 ms`, `12.3 ms`, `1.25 s`. */
export function shownTime(milliseconds: number): string {
  if (milliseconds >= 999.5) return `${rounded(milliseconds / 1000)} s`;
  return `${rounded(milliseconds)} ms`;
}

// Three digits are enough to be told apart in a drawing.
function rounded(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}

/** So many of something. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
