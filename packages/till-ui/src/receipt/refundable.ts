import type { Sale, SaleRow } from '../counter/shapes.ts';

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
