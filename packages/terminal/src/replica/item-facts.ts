import { TillcastError } from '@tillcast/protocol/errors';
import { isCurrency, toDecimalText, toMinor } from '@tillcast/protocol/money';
import { z } from 'zod';

/** What the activity log says of an item. Any of it may be missing: an item is kept as it came. */
export interface ItemFacts {
  readonly name: string | null;
  readonly price: number | null;
  readonly currency: string | null;
}

const NOTHING: ItemFacts = { name: null, price: null, currency: null };

const factsSchema: z.ZodType<ItemFacts, unknown> = z
  .object({
    name: z.string().nullable().catch(null),
    price: z.number().nullable().catch(null),
    currency: z.string().nullable().catch(null),
  })
  .catch(NOTHING);

/**
 * The facts in an item's canonical JSON; none of an item that is not there, or whose text a bad disk changed so that
 * it is no JSON any more: that the log has little to say of it must not keep it from being mended.
 */
export function factsOf(body: string | null): ItemFacts {
  return body === null ? NOTHING : factsSchema.parse(jsonOf(body));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** A price with all its currency's digits; as it is where currency or price are none that are known here. */
export function priceText(price: number | null, currency: string | null): string {
  if (price === null) return '–';
  if (!isCurrency(currency)) return String(price);
  try {
    return toDecimalText(toMinor(price, currency), currency);
  } catch (error) {
    if (error instanceof TillcastError) return String(price);
    throw error;
  }
}
