import { z } from 'zod';
import { epochSchema, versionSchema } from '../cursor.ts';
import { itemIdSchema, nameSchema } from '../items/fields.ts';
import { type Currency, currencySchema } from '../money.ts';
import { type LineModifier, lineModifierSchema, ORDER_BOUNDS, type PriceVersion } from './sale.ts';

/** Off a line or an order: an amount of its currency, or a part of a hundred. */
export type Discount =
  | { readonly kind: 'amount'; readonly value: number }
  | { readonly kind: 'percent'; readonly value: number };

/** A line that is not paid yet. It keeps the price at which it was added. */
export interface OrderLine {
  readonly line_id: string;
  readonly product_id: string;
  readonly name: string;
  readonly quantity: number;
  /** Of one, without its options, as it was when the line was added. */
  readonly unit_price: number;
  readonly modifiers: readonly LineModifier[];
  readonly note: string | null;
  readonly discount: Discount | null;
  readonly tax_percent: number | null;
  readonly price_read_at: PriceVersion;
}

/** What is in the cart or on a table, and not paid yet. */
export interface Order {
  readonly id: string;
  /** Goes up with each edit, so that two pages do not undo each other's. */
  readonly revision: number;
  readonly table_id: string | null;
  readonly staff_id: string | null;
  /** That of its lines; null while it has none. */
  readonly currency: Currency | null;
  readonly lines: readonly OrderLine[];
  readonly discount: Discount | null;
  readonly opened_at: string;
}

export const discountSchema: z.ZodType<Discount, unknown> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('amount'), value: z.number().positive() }),
  z.strictObject({ kind: z.literal('percent'), value: z.number().positive().max(100).multipleOf(0.01) }),
]);

const orderLineSchema = z.strictObject({
  line_id: itemIdSchema,
  product_id: itemIdSchema,
  name: nameSchema,
  quantity: z.int().min(1).max(ORDER_BOUNDS.quantity),
  unit_price: z.number().nonnegative(),
  modifiers: z.array(lineModifierSchema).max(ORDER_BOUNDS.modifiers),
  note: nameSchema.max(ORDER_BOUNDS.noteChars).nullable(),
  discount: discountSchema.nullable(),
  tax_percent: z.number().min(0).max(100).nullable(),
  price_read_at: z.strictObject({ epoch: epochSchema, version: versionSchema }),
});

/** An order as a till keeps it. */
export const orderSchema: z.ZodType<Order, unknown> = z
  .strictObject({
    id: z.uuid(),
    revision: z.int().min(0),
    table_id: itemIdSchema.nullable(),
    staff_id: itemIdSchema.nullable(),
    currency: currencySchema.nullable(),
    lines: z.array(orderLineSchema).max(ORDER_BOUNDS.lines),
    discount: discountSchema.nullable(),
    opened_at: z.iso.datetime(),
  })
  .meta({ id: 'Order' });

/** An order with nothing in it. */
export function emptyOrder(id: string, openedAt: string): Order {
  return {
    id,
    revision: 0,
    table_id: null,
    staff_id: null,
    currency: null,
    lines: [],
    discount: null,
    opened_at: openedAt,
  };
}
