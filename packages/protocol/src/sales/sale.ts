import { z } from 'zod';
import { epochSchema, versionSchema } from '../cursor.ts';
import { itemIdSchema, nameSchema } from '../items/fields.ts';
import { type Currency, currencySchema } from '../money.ts';
import { type SaleId, saleIdSchema } from './sale-id.ts';

/** More lines than this no order has, and more of one thing no line. */
export const ORDER_BOUNDS = {
  lines: 500,
  quantity: 9_999,
  modifiers: 200,
  payments: 20,
  noteChars: 200,
} as const;

/** An option that was chosen, as it was called and priced then. */
export interface LineModifier {
  readonly modifier_id: string;
  readonly option_id: string;
  readonly name: string;
  readonly price_delta: number;
}

/** A version of a catalog at which a price was read. */
export interface PriceVersion {
  readonly epoch: string;
  readonly version: number;
}

/** One line of a receipt. Amounts are decimal numbers of the sale's currency; none is negative. */
export interface SaleLine {
  readonly product_id: string;
  readonly name: string;
  readonly quantity: number;
  /** Of one, without its options. */
  readonly unit_price: number;
  readonly modifiers: readonly LineModifier[];
  readonly note: string | null;
  /** Off the whole line, with its share of what was taken off the order. */
  readonly discount: number;
  readonly tax_percent: number | null;
  /** The part of `total` that is tax. */
  readonly tax: number;
  /** What the line comes to: (unit price + options) x quantity - discount. */
  readonly total: number;
  readonly price_read_at: PriceVersion;
  /** Of a refund: the line of the sale, counted from 0, that is given back; else null. */
  readonly refunded_line: number | null;
}

/** `amount` goes towards the total; of cash, `tendered` was handed over and `change` given back. */
export interface SalePayment {
  readonly method: 'cash' | 'card';
  readonly amount: number;
  readonly tendered: number | null;
  readonly change: number | null;
}

/**
 * Something that was paid, or paid back: final. A refund's amounts are positive too; `kind` says which way the money went.
 */
export interface Sale {
  readonly id: SaleId;
  readonly kind: 'sale' | 'refund';
  /** What people call it. */
  readonly receipt_number: string;
  /** By the till's clock: ISO 8601, UTC. */
  readonly sold_at: string;
  readonly currency: Currency;
  readonly staff_id: string | null;
  readonly staff_name: string | null;
  readonly table_id: string | null;
  readonly lines: readonly SaleLine[];
  /** The lines' discounts together. */
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
  readonly payments: readonly SalePayment[];
  /** Of a refund: the sale that is given back. */
  readonly refund_of: SaleId | null;
}

const amountSchema = z.number();
const noteSchema = nameSchema.max(ORDER_BOUNDS.noteChars).nullable();
const quantitySchema = z.int().min(1).max(ORDER_BOUNDS.quantity);
const taxPercentSchema = z.number().min(0).max(100).multipleOf(0.001).nullable();

export const lineModifierSchema: z.ZodType<LineModifier, unknown> = z.strictObject({
  modifier_id: itemIdSchema,
  option_id: itemIdSchema,
  name: nameSchema,
  price_delta: amountSchema,
});

const priceVersionSchema = z.strictObject({ epoch: epochSchema, version: versionSchema });

const saleLineSchema = z.strictObject({
  product_id: itemIdSchema,
  name: nameSchema,
  quantity: quantitySchema,
  unit_price: amountSchema.nonnegative(),
  modifiers: z.array(lineModifierSchema).max(ORDER_BOUNDS.modifiers),
  note: noteSchema,
  discount: amountSchema.nonnegative(),
  tax_percent: taxPercentSchema,
  tax: amountSchema.nonnegative(),
  total: amountSchema.nonnegative(),
  price_read_at: priceVersionSchema,
  refunded_line: z.int().min(0).max(ORDER_BOUNDS.lines).nullable(),
});

const paymentSchema = z.strictObject({
  method: z.enum(['cash', 'card']),
  amount: amountSchema.nonnegative(),
  tendered: amountSchema.nonnegative().nullable(),
  change: amountSchema.nonnegative().nullable(),
});

/** The shape alone: whether the sums hold, `check-sums.ts` says. */
export const saleSchema: z.ZodType<Sale, unknown> = z
  .strictObject({
    id: saleIdSchema,
    kind: z.enum(['sale', 'refund']),
    receipt_number: nameSchema.max(64),
    sold_at: z.iso.datetime(),
    currency: currencySchema,
    staff_id: itemIdSchema.nullable(),
    staff_name: nameSchema.nullable(),
    table_id: itemIdSchema.nullable(),
    lines: z.array(saleLineSchema).min(1).max(ORDER_BOUNDS.lines),
    discount: amountSchema.nonnegative(),
    tax: amountSchema.nonnegative(),
    total: amountSchema.nonnegative(),
    payments: z.array(paymentSchema).max(ORDER_BOUNDS.payments),
    refund_of: saleIdSchema.nullable(),
  })
  .meta({ id: 'Sale' });
