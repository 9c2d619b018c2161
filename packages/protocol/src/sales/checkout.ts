import { z } from 'zod';
import { TillcastError } from '../errors.ts';
import { type Currency, isAmount, toDecimal, toDecimalText, toMinor } from '../money.ts';
import type { Order } from './order.ts';
import { reckon, sum } from './reckoning.ts';
import { ORDER_BOUNDS, type Sale, type SalePayment } from './sale.ts';
import type { SaleId } from './sale-id.ts';

/** How much is paid in which way; of cash, what was handed over, where it is not the exact amount. */
export interface PaymentRequest {
  readonly method: 'cash' | 'card';
  readonly amount: number;
  readonly tendered?: number | undefined;
}

export const paymentRequestsSchema: z.ZodType<readonly PaymentRequest[], unknown> = z
  .array(
    z.strictObject({
      method: z.enum(['cash', 'card']),
      amount: z.number().nonnegative(),
      tendered: z.number().nonnegative().optional(),
    }),
  )
  .max(ORDER_BOUNDS.payments);

/** What the till knows of a sale besides its order. */
export interface SaleContext {
  readonly id: SaleId;
  readonly receiptNumber: string;
  /** ISO 8601, UTC. */
  readonly soldAt: string;
  readonly staff: { readonly id: string; readonly name: string } | null;
}

/**
 * The sale that an order becomes when it is paid.
 * @throws TillcastError in a cashier's words: `order_invalid` when there is nothing in it, `payment_invalid`
 */
export function checkout(order: Order, payments: readonly PaymentRequest[], context: SaleContext): Sale {
  const { currency } = order;
  if (currency === null || order.lines.length === 0) {
    throw new TillcastError('order_invalid', 'There is nothing in this order to pay.');
  }
  const decimal = (minor: number): number => toDecimal(minor, currency);
  const { lines, tax, total } = reckon(order);
  return {
    id: context.id,
    kind: 'sale',
    receipt_number: context.receiptNumber,
    sold_at: context.soldAt,
    currency,
    staff_id: context.staff?.id ?? null,
    staff_name: context.staff?.name ?? null,
    table_id: order.table_id,
    lines: order.lines.map((line, index) => {
      const reckoned = lines[index];
      if (reckoned === undefined) throw new RangeError('each line is reckoned');
      return {
        product_id: line.product_id,
        name: line.name,
        quantity: line.quantity,
        unit_price: line.unit_price,
        modifiers: line.modifiers,
        note: line.note,
        discount: decimal(reckoned.lineDiscount + reckoned.orderShare),
        tax_percent: line.tax_percent,
        tax: decimal(reckoned.tax),
        total: decimal(reckoned.total),
        price_read_at: line.price_read_at,
        refunded_line: null,
      };
    }),
    discount: decimal(sum(lines.map(({ lineDiscount, orderShare }) => lineDiscount + orderShare))),
    tax: decimal(tax),
    total: decimal(total),
    payments: settle(payments, total, currency),
    refund_of: null,
  };
}

/**
 * The payments with their change.
 * @param total in minor units, to which the amounts must add up
 * @throws TillcastError `payment_invalid`
 */
export function settle(
  payments: readonly PaymentRequest[],
  total: number,
  currency: Currency,
): SalePayment[] {
  const refused = (why: string): TillcastError => new TillcastError('payment_invalid', why);
  const minorOf = (amount: number): number => {
    if (!isAmount(amount, currency)) throw refused(`${amount} is no amount of ${currency}.`);
    return toMinor(amount, currency);
  };
  const paid = sum(payments.map(({ amount }) => minorOf(amount)));
  if (paid !== total) {
    const [has, wants] = [toDecimalText(paid, currency), toDecimalText(total, currency)];
    throw refused(`The payments come to ${has}, and the total is ${wants}.`);
  }
  return payments.map(({ method, amount, tendered }) => {
    if (tendered === undefined) return { method, amount, tendered: null, change: null };
    if (method === 'card') throw refused('A card pays the exact amount.');
    const change = minorOf(tendered) - minorOf(amount);
    if (change < 0) throw refused('What was handed over is less than what is to pay.');
    return { method, amount, tendered, change: toDecimal(change, currency) };
  });
}
