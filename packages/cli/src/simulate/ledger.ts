import type { SalesDay } from '@tillcast/protocol/http/sales-api';
import { type Currency, isCurrency, toDecimalText, toMinor } from '@tillcast/protocol/money';

/** What was sold on a day (UTC) in a currency. */
export interface DaySum {
  readonly sales: number;
  /** Minor units. */
  readonly minor: number;
}

/** Sums by day and currency. */
export class Ledger {
  readonly #days = new Map<string, DaySum>();

  /** Of what the server sums up. */
  static ofServer(days: readonly SalesDay[]): Ledger {
    const ledger = new Ledger();
    for (const { day, currency, sales, sold } of days) {
      if (isCurrency(currency)) ledger.add(day, currency, sales, toMinor(sold, currency));
    }
    return ledger;
  }

  get days(): ReadonlyMap<string, DaySum> {
    return this.#days;
  }

  add(day: string, currency: Currency, sales: number, minor: number): void {
    const key = `${day} ${currency}`;
    const before = this.#days.get(key) ?? { sales: 0, minor: 0 };
    this.#days.set(key, { sales: before.sales + sales, minor: before.minor + minor });
  }
}

/** A day as both sides have it: amounts in decimal digits, to the penny. */
export interface ComparedDay {
  readonly day: string;
  readonly currency: Currency;
  readonly tills: { readonly sales: number; readonly amount: string };
  readonly server: { readonly sales: number; readonly amount: string };
  readonly equal: boolean;
}

/**
 * Holds what tills sold against what the server has more than before: day by day, in number and to the penny.
 * @param before what the server had when nothing was sold yet
 */
export function compareDays(tills: Ledger, before: Ledger, after: Ledger): readonly ComparedDay[] {
  const none: DaySum = { sales: 0, minor: 0 };
  const keys = new Set([...tills.days.keys(), ...after.days.keys()]);
  return [...keys].sort().flatMap((key): ComparedDay[] => {
    const [day = '', currency = ''] = key.split(' ');
    if (!isCurrency(currency)) return [];
    const sold = tills.days.get(key) ?? none;
    const [had, has] = [before.days.get(key) ?? none, after.days.get(key) ?? none];
    const came = { sales: has.sales - had.sales, minor: has.minor - had.minor };
    if (sold.sales === 0 && came.sales === 0 && came.minor === 0) return [];
    return [
      {
        day,
        currency,
        tills: { sales: sold.sales, amount: toDecimalText(sold.minor, currency) },
        server: { sales: came.sales, amount: toDecimalText(came.minor, currency) },
        equal: sold.sales === came.sales && sold.minor === came.minor,
      },
    ];
  });
}

/** Sales that the server lacks, and that it has too many of, day by day. */
export function differences(days: readonly ComparedDay[]): {
  readonly missing: number;
  readonly surplus: number;
} {
  const each = days.map(({ tills, server }) => tills.sales - server.sales);
  return {
    missing: each.reduce((sum, lacks) => sum + Math.max(0, lacks), 0),
    surplus: each.reduce((sum, lacks) => sum + Math.max(0, -lacks), 0),
  };
}
