import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { type Row, rowOf } from '@tillcast/protocol/items/item';

const HEAD_BYTES = 65_536;

/** More than SQLite keeps in memory, so that what lies on the disk is read again. */
export function bigCatalog(): readonly Row[] {
  return Array.from({ length: 12_000 }, (_, index) =>
    rowOf('product', { id: `P${index}`, name: 'n'.repeat(200), price: 1, currency: 'GBP' }),
  );
}

/** Overwrites all but the head of a file, as a failing disk might while it is open. */
export function damageTail(path: string): void {
  const length = statSync(path).size - HEAD_BYTES;
  const file = openSync(path, 'r+');
  try {
    writeSync(file, Buffer.alloc(length, 0x5a), 0, length, HEAD_BYTES);
  } finally {
    closeSync(file);
  }
}
