import { z } from 'zod';
import { itemIdSchema } from '../items/fields.ts';
import { type ItemKind, itemKindSchema } from '../items/kind.ts';
import type { ChangeType } from '../message-type.ts';
import { type Currency, currencySchema, isPrice } from '../money.ts';

/** An item as a reader takes it: its id is needed, all else is kept as it came, known or not. */
export type WireItem = { readonly id: string } & Readonly<Record<string, unknown>>;

export const wireItemSchema: z.ZodType<WireItem, unknown> = z.looseObject({ id: itemIdSchema });

/** One row within a `catalog_update` or a delta: `item` is null where the row was deleted. */
export interface WireRow {
  readonly kind: ItemKind;
  readonly id: string;
  readonly item: WireItem | null;
}

export const wireRowSchema: z.ZodType<WireRow, unknown> = z
  .object({ kind: itemKindSchema, id: itemIdSchema, item: wireItemSchema.nullable() })
  .refine((row) => row.item === null || row.item.id === row.id, {
    path: ['item', 'id'],
    error: "must be the row's id",
  });

export interface PriceUpdate {
  readonly product_id: string;
  readonly product_name: string;
  readonly new_price: number;
  readonly currency: Currency;
}

const priceUpdateSchema: z.ZodType<PriceUpdate, unknown> = z
  .object({
    product_id: itemIdSchema,
    product_name: z.string(),
    new_price: z.number().nonnegative(),
    currency: currencySchema,
  })
  .refine((update) => isPrice(update.new_price, update.currency), {
    path: ['new_price'],
    error: 'must be a price',
  });

export interface Deleted {
  readonly id: string;
}

const deletedSchema: z.ZodType<Deleted, unknown> = z.object({ id: itemIdSchema });

/** Many rows at once; above a size `rows` is null and the till pulls the delta. `count` says how many changed. */
export interface CatalogUpdate {
  readonly count: number;
  readonly rows: readonly WireRow[] | null;
}

const catalogUpdateSchema: z.ZodType<CatalogUpdate, unknown> = z.object({
  count: z.int().positive(),
  rows: z.array(wireRowSchema).nullable(),
});

/** What a license may do now; no row changes with it. */
export interface LicenseUpdate {
  readonly status: 'active' | 'suspended' | 'revoked';
  readonly valid_until: string | null;
}

const licenseUpdateSchema: z.ZodType<LicenseUpdate, unknown> = z.object({
  status: z.enum(['active', 'suspended', 'revoked']),
  valid_until: z.iso.datetime().nullable(),
});

/** What each change type carries. */
export interface PayloadOf {
  readonly price_update: PriceUpdate;
  readonly product_update: WireItem;
  readonly product_delete: Deleted;
  readonly category_update: WireItem;
  readonly category_delete: Deleted;
  readonly modifier_update: WireItem;
  readonly modifier_delete: Deleted;
  readonly table_update: WireItem;
  readonly table_delete: Deleted;
  readonly user_update: WireItem;
  readonly user_delete: Deleted;
  readonly catalog_update: CatalogUpdate;
  readonly license_update: LicenseUpdate;
}

export const PAYLOAD_SCHEMAS: { readonly [T in ChangeType]: z.ZodType<PayloadOf[T], unknown> } = {
  price_update: priceUpdateSchema,
  product_update: wireItemSchema,
  product_delete: deletedSchema,
  category_update: wireItemSchema,
  category_delete: deletedSchema,
  modifier_update: wireItemSchema,
  modifier_delete: deletedSchema,
  table_update: wireItemSchema,
  table_delete: deletedSchema,
  user_update: wireItemSchema,
  user_delete: deletedSchema,
  catalog_update: catalogUpdateSchema,
  license_update: licenseUpdateSchema,
};
