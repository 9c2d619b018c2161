import type { z } from 'zod';
import { TillcastError } from '../errors.ts';
import { detailsOf } from '../validation.ts';
import { type Category, categorySchema } from './category.ts';
import type { ItemKind } from './kind.ts';
import { type Modifier, modifierSchema } from './modifier.ts';
import { type Product, productSchema } from './product.ts';
import { type Table, tableSchema } from './table.ts';
import { type User, userSchema } from './user.ts';

/** The items by kind. */
export interface ItemOf {
  readonly category: Category;
  readonly modifier: Modifier;
  readonly product: Product;
  readonly table: Table;
  readonly user: User;
}

export type Item = ItemOf[ItemKind];

/** Each kind's schema at the operator's door: strict, with defaults filled in. */
export const ITEM_SCHEMAS: { readonly [K in ItemKind]: z.ZodType<ItemOf[K], unknown> } = {
  category: categorySchema,
  modifier: modifierSchema,
  product: productSchema,
  table: tableSchema,
  user: userSchema,
};

/**
 * One row of a catalog. `body` is the item's canonical JSON: the one text that is stored, hashed, sent in
 * messages, deltas and snapshots, and kept by the till. A reader that does not know a field keeps it, so
 * digests agree across program versions. A null body is a tombstone.
 */
export interface Row {
  readonly kind: ItemKind;
  readonly id: string;
  readonly body: string | null;
}

/** A row that is there. */
export interface LiveRow extends Row {
  readonly body: string;
}

/**
 * An item of outside data, checked and in canonical form: all fields, in the schema's order.
 * @throws TillcastError `item_invalid` with a pointer for each thing that is wrong
 */
export function rowOf(kind: ItemKind, input: unknown): LiveRow {
  const parsed = ITEM_SCHEMAS[kind].safeParse(input);
  if (!parsed.success) {
    const details = detailsOf(parsed.error);
    const first = details[0];
    const where = first === undefined ? '' : ` ${first.pointer}: ${first.detail}`;
    throw new TillcastError('item_invalid', `This is not a valid ${kind}:${where}.`, {
      details,
      cause: parsed.error,
    });
  }
  return { kind, id: parsed.data.id, body: JSON.stringify(parsed.data) };
}

/** A product's canonical body with another price: the field order is kept, and fields unknown here too. */
export function withPrice(body: string, price: number, currency: string): string {
  const product = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify({ ...product, price, currency });
}
