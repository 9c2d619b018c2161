import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Cursor } from '@tillcast/protocol/cursor';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { numberOrNull, text, textOrNull } from './column.ts';

/** Whose catalog the file holds, and where it stands. */
export class MetaTable {
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #update: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('insert into meta (one, license_key) values (1, ?)');
    this.#select = db.prepare('select license_key, epoch, version, digest from meta');
    this.#update = db.prepare('update meta set epoch = ?, version = ?, digest = ?');
  }

  insert(licenseKey: LicenseKey): void {
    this.#insert.run(licenseKey);
  }

  /** Null where the file was made but never written to. */
  select(): { readonly licenseKey: string; readonly cursor: Cursor | null } | null {
    const row = this.#select.get();
    if (row === undefined) return null;
    const epoch = textOrNull(row, 'epoch');
    const version = numberOrNull(row, 'version');
    const digest = textOrNull(row, 'digest');
    const cursor = epoch === null || version === null || digest === null ? null : { epoch, version, digest };
    return { licenseKey: text(row, 'license_key'), cursor };
  }

  updateCursor(cursor: Cursor): void {
    this.#update.run(cursor.epoch, cursor.version, cursor.digest);
  }
}
