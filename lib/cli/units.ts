// Times and sizes as they are written: `30s`, `200M`.

/** Milliseconds. */
const times = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Bytes. */
const sizes = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 } as const;

const units = { integer: {}, duration: times, size: sizes } as const satisfies Record<string, Record<string, number>>;

export type Quantity = keyof typeof units;

/** What a text says: a whole number and at most one unit, in milliseconds or bytes. Undefined: it says nothing. */
export function amountOf(quantity: Quantity, text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(\d+)([A-Za-z]*)$/.exec(text) ?? [];
  if (digits === '') return undefined;
  if (unit === '') return Number(digits);
  const factor = (units[quantity] as Record<string, number>)[unit];
  return factor && Number(digits) * factor;
}

/** The shortest text that says it: `30s` for 30,000 milliseconds. */
export function amountText(quantity: Quantity, amount: number): string {
  const fitting = Object.entries(units[quantity]).filter(([, factor]) => amount > 0 && amount % factor === 0);
  const [unit, factor] = fitting.at(-1) ?? ['', 1];
  return `${amount / factor}${unit}`;
}
