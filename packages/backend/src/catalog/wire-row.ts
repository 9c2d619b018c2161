import type { Row } from '@tillcast/protocol/items/item';

/** A row as the wire's `WireRow`, with the item's own text in it. */
export function wireRowText(row: Row): string {
  return `{"kind":"${row.kind}","id":${JSON.stringify(row.id)},"item":${row.body ?? 'null'}}`;
}
