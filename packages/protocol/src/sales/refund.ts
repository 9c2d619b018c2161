import { TillcastError } from '../errors.ts';
import { toDecimal, toMinor } from '../money.ts';
import { type PaymentRequest, type SaleContext, settle } from './checkout.ts';
import { grossOf, sum } from './reckoning.ts';
import type { Sale, SaleLine } from './sale.ts';

/** How many of which line, counted from 0, are given back. */
export interface RefundLine {
  readonly line: number;
  readonly quantity: number;
}

/** What can still be given back of each line of a sale. @param earlier its refunds so far */
export function refundable(sale: Sale, earlier: readonly Sale[]): number[] {
  return sale.lines.map((line, index) => line.quantity - refundedOf(index, earlier));
}

/** What is to be paid back for a part of a sale. @throws TillcastError `refund_invalid` */
export function refundTotal(sale: Sale, wanted: readonly RefundLine[], earlier: readonly Sale[]): number {
  const { currency } = sale;
  const totals = refundLines(sale, wanted, earlier).map(({ total }) => toMinor(total, currency));
  return toDecimal(sum(totals), currency);
}

/**
 * The refund of a part of a sale. A line that is given back in pieces comes back to the penny: each piece is
 * the difference of two rounded sums.
 * @param earlier the sale's refunds so far
 * @param payments what is paid back, and how
 * @throws TillcastError in a cashier's words: `refund_invalid`, `payment_invalid`
 */
export function refund(
  sale: Sale,
  wanted: readonly RefundLine[],
  earlier: readonly Sale[],
  payments: readonly PaymentRequest[],
  context: SaleContext,
): Sale {
  const lines = refundLines(sale, wanted, earlier);
  const { currency } = sale;
  const decimal = (minor: number): number => toDecimal(minor, currency);
  const of = (amount: (line: SaleLine) => number): number =>
    sum(lines.map((line) => toMinor(amount(line), currency)));
  const total = of((line) => line.total);
  return {
    id: context.id,
    kind: 'refund',
    receipt_number: context.receiptNumber,
    sold_at: context.soldAt,
    currency,
    staff_id: context.staff?.id ?? null,
    staff_name: context.staff?.name ?? null,
    table_id: sale.table_id,
    lines,
    discount: decimal(of((line) => line.discount)),
    tax: decimal(of((line) => line.tax)),
    total: decimal(total),
    payments: settle(payments, total, currency),
    refund_of: sale.id,
  };
}

function refundLines(sale: Sale, wanted: readonly RefundLine[], earlier: readonly Sale[]): SaleLine[] {
  const refused = (why: string): TillcastError => new TillcastError('refund_invalid', why);
  if (sale.kind === 'refund') throw refused('A refund cannot itself be given back.');
  if (wanted.length === 0) throw refused('Choose what is given back.');
  if (new Set(wanted.map(({ line }) => line)).size !== wanted.length) throw refused('A line is named twice.');
  const left = refundable(sale, earlier);
  const { currency } = sale;
  const decimal = (minor: number): number => toDecimal(minor, currency);
  return wanted.map(({ line: index, quantity }): SaleLine => {
    const line = sale.lines[index];
    const available = left[index];
    if (line === undefined || available === undefined) throw refused(`The receipt has no line ${index + 1}.`);
    if (quantity > available) throw refused(`Of ${line.name} only ${available} can still be given back.`);
    const before = line.quantity - available;
    const part = (amount: number): number => {
      const minor = toMinor(amount, currency);
      return upTo(minor, before + quantity, line.quantity) - upTo(minor, before, line.quantity);
    };
    const total = part(line.total);
    const gross = grossOf({ ...line, quantity }, currency);
    return {
      ...line,
      quantity,
      total: decimal(total),
      tax: decimal(Math.min(total, part(line.tax))),
      discount: decimal(gross - total),
      refunded_line: index,
    };
  });
}

function refundedOf(line: number, earlier: readonly Sale[]): number {
  const pieces = earlier.flatMap(({ lines }) => lines.filter(({ refunded_line }) => refunded_line === line));
  return sum(pieces.map(({ quantity }) => quantity));
}

/** The first `count` of `all` equal parts, rounded down. */
function upTo(minor: number, count: number, all: number): number {
  return Number((BigInt(minor) * BigInt(count)) / BigInt(all));
}
