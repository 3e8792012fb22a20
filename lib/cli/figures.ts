// Numbers as they are shown to people.

const MEGABYTE = 2 ** 20;

/** A number, shortly: `12.3k`. */
export function amountText(value: number): string {
  if (value < 100_000) return value < 10 && value % 1 !== 0 ? value.toFixed(1) : String(Math.round(value));
  const [size, unit] = value < 1e6 ? [1e3, 'k'] : value < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  return `${Number((value / size).toPrecision(3))}${unit}`;
}

/** A size: `48 MB`; `-`: it is not known. */
export function sizeText(value: number | undefined): string {
  if (value === undefined) return '-';
  const megabytes = value / MEGABYTE;
  if (megabytes >= 1_000) return `${(megabytes / 1024).toFixed(1)} GB`;
  return `${megabytes < 10 ? megabytes.toFixed(1) : Math.round(megabytes)} MB`;
}

/** A time that has passed: `12s`, `3h20m`. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h${minutes % 60}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}

/** A delay: `2.5 ms`. */
export function lagText(milliseconds: number): string {
  if (milliseconds >= 1_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return `${milliseconds < 9.95 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
}

/** The hour, the minute and the second, as a clock here shows them. @param time in milliseconds of the epoch */
export function timeOfDay(time = Date.now()): string {
  return new Date(time).toTimeString().slice(0, 8);
}

const blocks = '▁▂▃▄▅▆▇█';

/** Numbers as a row of bars, one character each. */
export function bars(values: readonly number[], most: number): string {
  return values.map((value) => blocks[Math.min(7, Math.floor((value / Math.max(most, 1)) * 7.99))]).join('');
}
