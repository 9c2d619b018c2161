import { z } from 'zod';
import { itemIdSchema, nameSchema, sortOrderSchema } from './fields.ts';

/** A shelf of products; `color` is the edge of its tiles, `#RRGGBB`. */
export interface Category {
  readonly id: string;
  readonly name: string;
  readonly color: string | null;
  readonly sort_order: number;
}

export const categorySchema: z.ZodType<Category, unknown> = z
  .strictObject({
    id: itemIdSchema,
    name: nameSchema,
    color: z
      .string()
      .regex(/^#[0-9A-F]{6}$/, 'must be #RRGGBB in capital hexadecimal digits')
      .nullable()
      .default(null),
    sort_order: sortOrderSchema,
  })
  .meta({ id: 'Category' });
