/** The name that somebody may have meant; undefined: none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((candidate) => ({ candidate, changes: changesBetween(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, changes }) => changes <= mostChanges(candidate))
    .sort((a, b) => a.changes - b.changes);
  return best?.candidate;
}

// Two letters of a short name are nearly all of it.
function mostChanges({ length }: string): number {
  return length < 4 ? 1 : Math.max(2, length / 3);
}

/** What to say of a name that there is not, behind it: `; did you mean 'port'?`, or nothing. */
export function didYouMean(name: string, names: readonly string[], quote: '"' | "'" = "'"): string {
  const meant = nearest(name, names);
  return meant === undefined ? '' : `; did you mean ${quote}${meant}${quote}?`;
}

// How many letters have to be put in, left out, replaced, or swapped with the next, at the least (optimal string alignment).
function changesBetween(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, n) => n)];
  const cell = (row: number, column: number) => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= from.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      rows[row]?.push(
        Math.min(
          cell(row - 1, column) + 1,
          cell(row, column - 1) + 1,
          cell(row - 1, column - 1) + (same ? 0 : 1),
          swapped ? cell(row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return cell(from.length, to.length);
}
