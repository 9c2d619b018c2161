import { type Currency, toMinor } from '../money.ts';
import type { Discount, Order, OrderLine } from './order.ts';
import type { LineModifier } from './sale.ts';

/** What a line comes to, in minor units. */
export interface LineReckoning {
  /** One, with its options. */
  readonly unit: number;
  /** All of them, before anything is taken off. */
  readonly gross: number;
  /** What is taken off this line itself. */
  readonly lineDiscount: number;
  /** Its share of what is taken off the order. */
  readonly orderShare: number;
  /** gross - lineDiscount - orderShare */
  readonly total: number;
  /** The part of `total` that is tax. */
  readonly tax: number;
}

/** What an order comes to, in minor units. */
export interface Reckoning {
  readonly lines: readonly LineReckoning[];
  /** Taken off the order as a whole. */
  readonly orderDiscount: number;
  readonly tax: number;
  readonly total: number;
}

/**
 * Adds an order up, exactly: what is taken off the whole is shared among the lines so that their totals are the
 * order's. A discount that has become more than what it is taken off takes off all of it and no more.
 */
export function reckon(order: Order): Reckoning {
  const { currency } = order;
  if (currency === null) return { lines: [], orderDiscount: 0, tax: 0, total: 0 };
  const before = order.lines.map((line) => {
    const unit = unitOf(line.unit_price, line.modifiers, currency);
    const gross = unit * line.quantity;
    return { line, unit, gross, lineDiscount: takenOff(line.discount, gross, currency) };
  });
  const nets = before.map(({ gross, lineDiscount }) => gross - lineDiscount);
  const orderDiscount = takenOff(order.discount, sum(nets), currency);
  const shares = shareOut(orderDiscount, nets);
  const lines = before.map(({ line, unit, gross, lineDiscount }, index) => {
    const orderShare = shares[index] ?? 0;
    const total = gross - lineDiscount - orderShare;
    return { unit, gross, lineDiscount, orderShare, total, tax: taxWithin(total, line.tax_percent) };
  });
  return {
    lines,
    orderDiscount,
    tax: sum(lines.map(({ tax }) => tax)),
    total: sum(lines.map(({ total }) => total)),
  };
}

/** One of a line with its options, in minor units: never less than nothing. */
export function unitOf(unitPrice: number, modifiers: readonly LineModifier[], currency: Currency): number {
  const deltas = modifiers.map(({ price_delta }) => toMinor(price_delta, currency));
  return Math.max(0, toMinor(unitPrice, currency) + sum(deltas));
}

/** What a discount takes off an amount, in minor units: a part is rounded half up. */
export function takenOff(discount: Discount | null, minor: number, currency: Currency): number {
  if (discount === null) return 0;
  if (discount.kind === 'amount') return Math.min(minor, toMinor(discount.value, currency));
  const hundredths = BigInt(Math.round(discount.value * 100));
  return Math.min(minor, divideHalfUp(BigInt(minor) * hundredths, 10_000n));
}

/** The tax within an amount that includes it, in minor units, rounded half up. */
export function taxWithin(minor: number, taxPercent: number | null): number {
  if (taxPercent === null) return 0;
  const thousandths = BigInt(Math.round(taxPercent * 1_000));
  return divideHalfUp(BigInt(minor) * thousandths, 100_000n + thousandths);
}

/**
 * Shares an amount out by weights, in whole units that add up to it exactly: by largest remainder, the first of equals first.
 * No share is above its weight where the amount is not above all weights together.
 */
export function shareOut(amount: number, weights: readonly number[]): number[] {
  const whole = BigInt(sum(weights));
  if (whole === 0n || amount === 0) return weights.map(() => 0);
  const parts = weights.map((weight, index) => {
    const exact = BigInt(amount) * BigInt(weight);
    return { index, share: Number(exact / whole), remainder: exact % whole };
  });
  let left = amount - sum(parts.map(({ share }) => share));
  const shares = parts.map(({ share }) => share);
  const byRemainder = parts.toSorted((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const { index, share } of byRemainder) {
    if (left === 0) break;
    shares[index] = share + 1;
    left -= 1;
  }
  return shares;
}

/** What lines come to before anything is taken off the order. */
export function netOf({ lines }: Pick<Reckoning, 'lines'>): number {
  return sum(lines.map(({ gross, lineDiscount }) => gross - lineDiscount));
}

/** One line's price with its options, times how many: in minor units. */
export function grossOf(
  line: Pick<OrderLine, 'unit_price' | 'modifiers' | 'quantity'>,
  currency: Currency,
): number {
  return unitOf(line.unit_price, line.modifiers, currency) * line.quantity;
}

export function sum(amounts: readonly number[]): number {
  return amounts.reduce((all, amount) => all + amount, 0);
}

function divideHalfUp(numerator: bigint, denominator: bigint): number {
  return Number((2n * numerator + denominator) / (2n * denominator));
}
