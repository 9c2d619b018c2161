import { z } from 'zod';
import { itemIdSchema, nameSchema, sortOrderSchema } from './fields.ts';

/** A place where guests sit and an order stays open. */
export interface Table {
  readonly id: string;
  readonly name: string;
  readonly area: string | null;
  readonly seats: number;
  readonly sort_order: number;
}

export const tableSchema: z.ZodType<Table, unknown> = z
  .strictObject({
    id: itemIdSchema,
    name: nameSchema,
    area: nameSchema.nullable().default(null),
    seats: z.int().min(1).max(1000).default(2),
    sort_order: sortOrderSchema,
  })
  .meta({ id: 'Table' });
