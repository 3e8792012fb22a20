// Grows this process to a resident set of so many megabytes, with objects that V8 keeps in its old space.
const kept = [];

export function grow(megabytes) {
  const enough = megabytes * 2 ** 20;
  while (process.memoryUsage.rss() < enough) {
    for (let n = 0; n < 1000; n++) kept.push({ n, text: `object ${n}`, list: [n, n + 1, n + 2] });
  }
  // Of the collector's own accord this would happen some time later, between two forks.
  globalThis.gc();
  // What it has freed is filled again.
  while (process.memoryUsage.rss() < enough) {
    for (let n = 0; n < 1000; n++) kept.push({ n, text: `object ${n}`, list: [n, n + 1, n + 2] });
  }
  return process.memoryUsage.rss() / 2 ** 20;
}
