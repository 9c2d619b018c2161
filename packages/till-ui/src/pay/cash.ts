/** What people hand over, in major units: a note, or notes up to the next round amount. */
const STEPS = [1, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 10_000, 50_000, 100_000];

/**
 * Up to three amounts above the total that a customer is likely to hand over, ascending: the total rounded up to
 * the next of each step. All in minor units.
 */
export function likelyCash(totalMinor: number, digits: number): readonly number[] {
  const unit = 10 ** digits;
  const likely = new Set<number>();
  for (const step of STEPS) {
    const stepMinor = step * unit;
    const rounded = Math.ceil(totalMinor / stepMinor) * stepMinor;
    // A step far above the total is no note that one would give for it.
    if (rounded > totalMinor && stepMinor <= Math.max(totalMinor * 10, 20 * unit)) likely.add(rounded);
  }
  return [...likely].sort((a, b) => a - b).slice(0, 3);
}

/** What an entered row of digits means: `1250` is 12.50 where the currency has two digits. Null when none. */
export function enteredMinor(entered: string): number | null {
  return entered === '' ? null : Number(entered);
}

/** More digits than any cash drawer holds are not taken. */
const ENTERED_MAX = 9;

/** The row of digits after a key: a digit, `00`, `back` or `clear`. */
export function afterKey(entered: string, key: string): string {
  if (key === 'clear') return '';
  if (key === 'back') return entered.slice(0, -1);
  const next = (entered + key).replace(/^0+/, '');
  return next.length > ENTERED_MAX ? entered : next;
}
