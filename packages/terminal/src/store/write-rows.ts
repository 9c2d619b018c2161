import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { type Row, withPrice } from '@tillcast/protocol/items/item';
import type { Edit } from '@tillcast/protocol/messages/edits';
import type { ChangeTally } from './change-tally.ts';
import type { ItemsTable } from './items-table.ts';

/** Where rows are written to, with what is reckoned on the way. */
export interface RowSink {
  readonly items: ItemsTable;
  /** The digest of what is there, kept up with each row. */
  readonly sum: DigestSum;
  readonly tally: ChangeTally;
}

const DIGEST = /^[0-9a-f]{16}$/;

/** Writes, changes or deletes one row. */
export function writeRow({ items, sum, tally }: RowSink, row: Row): void {
  const { kind, id, body } = row;
  const old = items.find(kind, id);
  tally.note(kind, id, old?.body ?? null, body);
  // What rots may be the number itself. Not reckoned with, the sum differs, and that is what a repair is for; a repair
  // relies on no number that was noted.
  if (old !== null && DIGEST.test(old.digest)) sum.subtract(old.digest);
  if (body === null) {
    if (old !== null) items.delete(old.rowid);
    return;
  }
  const digest = rowDigest(kind, id, body);
  sum.add(digest);
  if (old === null) items.insert({ kind, id, body }, digest);
  else if (old.body !== body || old.digest !== digest) items.update(old.rowid, body, digest);
}

/**
 * Does one edit of a change.
 * @returns false where it cannot be done: a new price for a product that is not there, or not as it was written
 */
export function doEdit(sink: RowSink, edit: Edit): boolean {
  if (edit.edit === 'write') {
    writeRow(sink, edit.row);
    return true;
  }
  const { productId, price, currency } = edit;
  const product = sink.items.find('product', productId);
  // A new price on a text that is not what was written would make the wrong text look right.
  if (product === null || rowDigest('product', productId, product.body) !== product.digest) return false;
  writeRow(sink, { kind: 'product', id: productId, body: withPrice(product.body, price, currency) });
  return true;
}

/**
 * Numbers all rows anew from their texts; what was noted with one and is not its number is put right.
 * @returns the digest of what is there
 */
export function renumberAll(items: ItemsTable): string {
  const sum = new DigestSum();
  const misnumbered: { readonly rowid: number; readonly actual: string }[] = [];
  for (const { rowid, kind, id, body, digest } of items.iterateAll()) {
    const actual = rowDigest(kind, id, body);
    sum.add(actual);
    if (actual !== digest) misnumbered.push({ rowid, actual });
  }
  for (const { rowid, actual } of misnumbered) items.updateDigest(rowid, actual);
  return sum.toString();
}

/**
 * Puts rows in the place of all that is there. Every row is written anew, also where it seems to be there
 * already: a snapshot is also the cure for what is not as it seems.
 * @param sum starts at zero
 */
export function writeAll({ items, sum, tally }: RowSink, rows: readonly Row[]): void {
  const before = new Map<string, Row>();
  for (const { kind, id, body } of items.iterateAll()) before.set(`${kind}\0${id}`, { kind, id, body });
  items.deleteAll();
  for (const { kind, id, body } of rows) {
    if (body === null) continue;
    const digest = rowDigest(kind, id, body);
    sum.add(digest);
    items.insert({ kind, id, body }, digest);
    const key = `${kind}\0${id}`;
    tally.note(kind, id, before.get(key)?.body ?? null, body);
    before.delete(key);
  }
  for (const { kind, id, body } of before.values()) tally.note(kind, id, body, null);
}
