import type { Sale, SaleRow } from '../counter/shapes.ts';
import { amountOf, minorOf } from '../format/minor.ts';

/** How many of each line of a sale may still be given back, by the line's index. */
export function leftOf(sale: Sale, earlier: readonly SaleRow[]): readonly number[] {
  return sale.lines.map((line, index) => {
    const given = earlier
      .flatMap((refund) => refund.sale.lines)
      .filter((each) => each.refunded_line === index)
      .reduce((sum, { quantity }) => sum + quantity, 0);
    return Math.max(0, line.quantity - given);
  });
}

/**
 * What is paid back for parts of lines, as the till reckons it: pieces of a line come to the line, to the penny.
 * @param wanted how many of which line, by its index; no more than are left
 */
export function refundTotal(
  sale: Sale,
  earlier: readonly SaleRow[],
  wanted: ReadonlyMap<number, number>,
): number {
  const left = leftOf(sale, earlier);
  const minor = sale.lines.reduce((sum, line, index) => {
    const quantity = wanted.get(index) ?? 0;
    const before = line.quantity - (left[index] ?? 0);
    const total = BigInt(minorOf(line.total, sale.currency));
    const upTo = (count: number): number => Number((total * BigInt(count)) / BigInt(line.quantity));
    return sum + upTo(before + quantity) - upTo(before);
  }, 0);
  return amountOf(minor, sale.currency);
}
