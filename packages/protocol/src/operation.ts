import { z } from 'zod';
import { itemIdSchema } from './items/fields.ts';
import { type ItemKind, itemKindSchema } from './items/kind.ts';

/** What an operator asks to be done to one item of a license's catalog. */
export type Operation =
  | { readonly op: 'put'; readonly kind: ItemKind; readonly item: unknown }
  | { readonly op: 'delete'; readonly kind: ItemKind; readonly id: string }
  | {
      readonly op: 'set_price';
      readonly product_id: string;
      readonly price: number;
      readonly currency?: string | undefined;
    };

/** `put` carries the whole item (checked against its kind's schema); `set_price` keeps all else of the product. */
export const operationSchema: z.ZodType<Operation, unknown> = z
  .discriminatedUnion('op', [
    z.strictObject({ op: z.literal('put'), kind: itemKindSchema, item: z.record(z.string(), z.unknown()) }),
    z.strictObject({ op: z.literal('delete'), kind: itemKindSchema, id: itemIdSchema }),
    z.strictObject({
      op: z.literal('set_price'),
      product_id: itemIdSchema,
      price: z.number().nonnegative(),
      currency: z.string().optional(),
    }),
  ])
  .meta({ id: 'Operation' });
