import { z } from 'zod';
import { type Currency, currencySchema, isPrice } from '../money.ts';
import { itemIdSchema, nameSchema, sortOrderSchema } from './fields.ts';

/** Something that is sold. The price includes tax; `tax_percent` says how much of it. */
export interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: number;
  readonly currency: Currency;
  readonly category_id: string | null;
  readonly barcode: string | null;
  readonly tax_percent: number | null;
  readonly modifier_ids: readonly string[];
  readonly available: boolean;
  readonly sort_order: number;
}

/** A product as an operator writes it: what may be left out has its default. */
export const productSchema: z.ZodType<Product, unknown> = z
  .strictObject({
    id: itemIdSchema,
    name: nameSchema,
    price: z.number().nonnegative().meta({ example: 3.6 }),
    currency: currencySchema,
    category_id: itemIdSchema.nullable().default(null),
    barcode: z
      .string()
      .regex(/^[0-9A-Za-z-]{1,64}$/, 'must be 1 to 64 letters, digits and hyphens')
      .nullable()
      .default(null),
    tax_percent: z.number().min(0).max(100).multipleOf(0.001).nullable().default(null),
    modifier_ids: z.array(itemIdSchema).max(32).default([]),
    available: z.boolean().default(true),
    sort_order: sortOrderSchema,
  })
  .refine((product) => isPrice(product.price, product.currency), {
    path: ['price'],
    error:
      'must be a price with no more decimal digits than its currency has, up to 999999999999999 minor units',
  })
  .meta({ id: 'Product' });
