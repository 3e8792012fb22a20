// Those of bench/serve, and two that have no peer.
import { counted, median } from '../serve/figures.mjs';

export { absent, compared, counted, interleave } from '../serve/figures.mjs';

/** A median that is to be so much or more. */
export function atLeast({ ours, least, ...rest }) {
  const value = median(ours);
  return { ...rest, ours: value, least, held: value >= least };
}

/** A median that nothing is asked of. */
export function timed({ ours, ...rest }) {
  return counted({ ...rest, ours: median(ours) });
}
