import { type Currency, currencySchema } from '@tillcast/protocol/money';
import { z } from 'zod';

/** What of a stored product its price's changes need. */
export interface PricedProduct {
  readonly id: string;
  readonly name: string;
  readonly price: number;
  readonly currency: Currency;
}

// Fields that a newer program stored are let through unread.
const schema: z.ZodType<PricedProduct, unknown> = z.object({
  id: z.string(),
  name: z.string(),
  price: z.number(),
  currency: currencySchema,
});

/** Reads them from a product's canonical body. */
export function pricedProduct(body: string): PricedProduct {
  return schema.parse(JSON.parse(body));
}
