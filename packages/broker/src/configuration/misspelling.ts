/**
 * How many slips of the finger lie between two words: a letter more, less, another one, or two neighbors
 * exchanged.
 */
export function slipsBetween(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const other = a[i - 1] === b[j - 1] ? 0 : 1;
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(
          (row[j - 1] ?? 0) + other,
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          exchanged ? (before[j - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}

/** The word that was most likely meant; null when none is near: a slip for every three letters, and three at most. */
export function suggestionFor(word: string, words: readonly string[]): string | null {
  let best: string | null = null;
  let fewest = Infinity;
  for (const candidate of words) {
    const slips = slipsBetween(word, candidate);
    if (slips < fewest && slips <= Math.min(3, Math.floor(candidate.length / 3))) {
      best = candidate;
      fewest = slips;
    }
  }
  return best;
}
