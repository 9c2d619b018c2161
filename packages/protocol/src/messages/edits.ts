import type { Row } from '../items/item.ts';
import type { ItemKind } from '../items/kind.ts';
import type { ChangeMessage } from './envelope.ts';
import type { WireRow } from './payload.ts';

/** What a change does to a copy of the catalog. */
export type Edit =
  | { readonly edit: 'write'; readonly row: Row }
  | { readonly edit: 'price'; readonly productId: string; readonly price: number; readonly currency: string };

/**
 * The edits of a change, in order; null where the message carries no rows and the delta must be pulled.
 * Total over the change types: a new type does not compile until it is decided here.
 */
export function editsOf(message: ChangeMessage): readonly Edit[] | null {
  switch (message.type) {
    case 'price_update': {
      const { product_id, new_price, currency } = message.payload;
      return [{ edit: 'price', productId: product_id, price: new_price, currency }];
    }
    case 'product_update':
      return [written('product', message.payload)];
    case 'product_delete':
      return [deleted('product', message.payload.id)];
    case 'category_update':
      return [written('category', message.payload)];
    case 'category_delete':
      return [deleted('category', message.payload.id)];
    case 'modifier_update':
      return [written('modifier', message.payload)];
    case 'modifier_delete':
      return [deleted('modifier', message.payload.id)];
    case 'table_update':
      return [written('table', message.payload)];
    case 'table_delete':
      return [deleted('table', message.payload.id)];
    case 'user_update':
      return [written('user', message.payload)];
    case 'user_delete':
      return [deleted('user', message.payload.id)];
    case 'catalog_update':
      return message.payload.rows?.map((row) => ({ edit: 'write', row: rowOfWire(row) })) ?? null;
    case 'license_update':
      return [];
  }
}

/** A row of the wire as a row of the catalog: the item's text as it was sent, unknown fields and all. */
export function rowOfWire(row: WireRow): Row {
  return { kind: row.kind, id: row.id, body: row.item === null ? null : JSON.stringify(row.item) };
}

function written(kind: ItemKind, item: { readonly id: string }): Edit {
  return { edit: 'write', row: { kind, id: item.id, body: JSON.stringify(item) } };
}

function deleted(kind: ItemKind, id: string): Edit {
  return { edit: 'write', row: { kind, id, body: null } };
}
