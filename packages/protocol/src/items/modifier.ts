import { z } from 'zod';
import { type Currency, currencySchema, isAmount } from '../money.ts';
import { itemIdSchema, nameSchema, sortOrderSchema } from './fields.ts';

/** One choice within a modifier; `price_delta` is added to the product's price and may be negative. */
export interface ModifierOption {
  readonly id: string;
  readonly name: string;
  readonly price_delta: number;
}

/** A group of choices, such as milk: at least `min_choices` and at most `max_choices` of its options. */
export interface Modifier {
  readonly id: string;
  readonly name: string;
  readonly currency: Currency;
  readonly min_choices: number;
  readonly max_choices: number;
  readonly options: readonly ModifierOption[];
  readonly sort_order: number;
}

const optionSchema = z.strictObject({
  id: itemIdSchema,
  name: nameSchema,
  price_delta: z.number().default(0),
});

export const modifierSchema: z.ZodType<Modifier, unknown> = z
  .strictObject({
    id: itemIdSchema,
    name: nameSchema,
    currency: currencySchema,
    min_choices: z.int().min(0).max(100).default(0),
    max_choices: z.int().min(1).max(100).default(1),
    options: z.array(optionSchema).min(1).max(100),
    sort_order: sortOrderSchema,
  })
  .superRefine((modifier, context) => {
    if (modifier.min_choices > modifier.max_choices) {
      context.addIssue({ code: 'custom', path: ['min_choices'], message: 'must not exceed max_choices' });
    }
    const ids = new Set<string>();
    for (const [index, option] of modifier.options.entries()) {
      if (ids.has(option.id)) {
        context.addIssue({
          code: 'custom',
          path: ['options', index, 'id'],
          message: 'must be unique in its group',
        });
      }
      ids.add(option.id);
      if (!isAmount(option.price_delta, modifier.currency)) {
        const message = 'must have no more decimal digits than the currency has';
        context.addIssue({ code: 'custom', path: ['options', index, 'price_delta'], message });
      }
    }
  })
  .meta({ id: 'Modifier' });
