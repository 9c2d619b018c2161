import type { ChangeType } from '@tillcast/protocol/message-type';
import type { PriceUpdate } from '@tillcast/protocol/messages/payload';
import type { ItemRow } from './plan-commit.ts';
import type { PreparedOperation } from './prepare.ts';
import { pricedProduct } from './product-price.ts';
import { wireRowText } from './wire-row.ts';

/** What a change is called on the wire and carries; `payload` is JSON text. */
export interface ChangeContent {
  readonly type: ChangeType;
  readonly payload: string;
}

/**
 * Bytes of rows that one message carries at most; with its envelope it stays within 64 KiB. A bigger change
 * is pulled by the tills, and the broker need not hold it once for each of them.
 */
export const MAX_ROWS_BYTES: number = 63 * 1024;

/**
 * The message of a change: of one item its own type, `catalog_update` of several.
 * @param rows what became different; at least one
 */
export function messageOf(operations: readonly PreparedOperation[], rows: readonly ItemRow[]): ChangeContent {
  const [row, ...others] = rows;
  if (row === undefined || others.length > 0) {
    return { type: 'catalog_update', payload: catalogUpdate(rows) };
  }
  const { kind, id, body } = row;
  if (body === null) return { type: `${kind}_delete`, payload: JSON.stringify({ id }) };
  const itsOperations = operations.filter((each) => each.kind === kind && each.id === id);
  if (itsOperations.every(({ op }) => op === 'set_price')) {
    return { type: 'price_update', payload: priceUpdate(body) };
  }
  return { type: `${kind}_update`, payload: body };
}

function priceUpdate(body: string): string {
  const { id, name, price, currency } = pricedProduct(body);
  const update: PriceUpdate = { product_id: id, product_name: name, new_price: price, currency };
  return JSON.stringify(update);
}

function catalogUpdate(rows: readonly ItemRow[]): string {
  const texts: string[] = [];
  let bytes = 0;
  for (const row of rows) {
    const text = wireRowText(row);
    bytes += Buffer.byteLength(text) + 1;
    if (bytes > MAX_ROWS_BYTES) return `{"count":${rows.length},"rows":null}`;
    texts.push(text);
  }
  return `{"count":${rows.length},"rows":[${texts.join(',')}]}`;
}
