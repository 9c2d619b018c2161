import type { Sale } from '../counter/shapes.ts';
import { amountOf, minorOf } from '../format/minor.ts';

/** What a receipt says of one rate of tax. */
export interface TaxPart {
  /** Null for what is sold without tax. */
  readonly percent: number | null;
  readonly tax: number;
  readonly total: number;
}

/** The sums of a sale by rate of tax, the highest first. */
export function taxParts({ lines, currency }: Pick<Sale, 'lines' | 'currency'>): readonly TaxPart[] {
  const byRate = Map.groupBy(lines, ({ tax_percent }) => tax_percent);
  const sum = (amounts: readonly number[]): number =>
    amountOf(
      amounts.reduce((minor, amount) => minor + minorOf(amount, currency), 0),
      currency,
    );
  return [...byRate]
    .map(([percent, of]) => ({
      percent,
      tax: sum(of.map(({ tax }) => tax)),
      total: sum(of.map(({ total }) => total)),
    }))
    .sort((a, b) => (b.percent ?? -1) - (a.percent ?? -1));
}
