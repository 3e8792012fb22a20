// The area under 4 / (1 + x²) between 0 and 1 is π. Each of so many processes measures one strip of it.
const STEPS = 100_000;

/** @param n which of the strips, from 0 @param strips how many there are */
export function area(n, strips) {
  const width = 1 / strips / STEPS;
  let sum = 0;
  for (let step = 0; step < STEPS; step++) {
    const x = n / strips + (step + 0.5) * width;
    sum += (4 / (1 + x * x)) * width;
  }
  return sum;
}
