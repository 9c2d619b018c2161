import { TillcastError } from '@tillcast/protocol/errors';
import type { Modifier } from '@tillcast/protocol/items/modifier';
import { modifierSchema } from '@tillcast/protocol/items/modifier';
import { type Product, productSchema } from '@tillcast/protocol/items/product';
import { type User, userSchema } from '@tillcast/protocol/items/user';
import type { SaleCatalog } from '@tillcast/protocol/sales/order-edits';
import type { z } from 'zod';
import type { TillStore } from '../store/till-store.ts';

/** The catalog as selling needs it. What a newer server has added to an item is left out. */
export class Shop {
  readonly #store: Pick<TillStore, 'body' | 'bodies' | 'cursor'>;

  constructor(store: Pick<TillStore, 'body' | 'bodies' | 'cursor'>) {
    this.#store = store;
  }

  /** The catalog at this moment. @throws TillcastError `order_invalid` where there is none yet */
  catalog(): SaleCatalog {
    const { cursor } = this.#store;
    if (cursor === null) {
      throw new TillcastError('order_invalid', 'The catalog is not here yet: there is nothing to sell from.');
    }
    const { epoch, version } = cursor;
    return {
      version: { epoch, version },
      product: (id) => read(PRODUCT_FIELDS, productSchema, this.#store.body('product', id)),
      modifier: (id) => read(MODIFIER_FIELDS, modifierSchema, this.#store.body('modifier', id)),
    };
  }

  /** Those who may sign in: active, with a PIN. */
  staff(): readonly (User & { readonly pin_hash: string })[] {
    return this.#store.bodies('user').flatMap((body) => {
      const user = read(USER_FIELDS, userSchema, body);
      return user !== null && user.active && user.pin_hash !== null
        ? [{ ...user, pin_hash: user.pin_hash }]
        : [];
    });
  }
}

const PRODUCT_FIELDS: readonly (keyof Product)[] = [
  'id',
  'name',
  'price',
  'currency',
  'category_id',
  'barcode',
  'tax_percent',
  'modifier_ids',
  'available',
  'sort_order',
];

const MODIFIER_FIELDS: readonly (keyof Modifier)[] = [
  'id',
  'name',
  'currency',
  'min_choices',
  'max_choices',
  'options',
  'sort_order',
];

const USER_FIELDS: readonly (keyof User)[] = ['id', 'name', 'role', 'pin_hash', 'active'];

function read<T>(
  fields: readonly (keyof T & string)[],
  schema: z.ZodType<T, unknown>,
  body: string | null,
): T | null {
  if (body === null) return null;
  const item: unknown = JSON.parse(body);
  if (typeof item !== 'object' || item === null) return null;
  const known = Object.fromEntries(
    Object.entries(item).filter(([name]) => (fields as readonly string[]).includes(name)),
  );
  const parsed = schema.safeParse(known);
  return parsed.success ? parsed.data : null;
}
