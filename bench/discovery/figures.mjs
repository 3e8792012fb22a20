// Distributions: what is asked is asked of the longest.
import { counted, median } from '../serve/figures.mjs';

export { counted, interleave } from '../serve/figures.mjs';

/** @param figure `what`; `values` in milliseconds; `most`: what the longest may be, absent if it may be anything */
export function distribution({ what, values, most, ...rest }) {
  const sorted = values.toSorted((a, b) => a - b);
  const line = (name, ours, limit) => counted({ what: `  ${name}`, unit: 'ms', ours, most: limit, ...rest });
  return [
    { ...line(what, median(values)), what: `${what}, ${values.length} times: the median` },
    line('9 of 10 take at most', sorted[Math.ceil(sorted.length * 0.9) - 1]),
    line('the longest', sorted.at(-1), most),
  ];
}
