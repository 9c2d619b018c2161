import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { DamagedFileError, number, text } from '../store/column.ts';

/** Whose sales a file holds. */
export interface SalesOwner {
  readonly licenseKey: LicenseKey;
  readonly terminalId: string;
}

/** Whose sales these are, and how many there ever were. */
export class OwnerTable {
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #count: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      'insert into owner (one, license_key, terminal_id, counter) values (1, ?, ?, ?)',
    );
    this.#select = db.prepare('select license_key, terminal_id from owner');
    this.#count = db.prepare('update owner set counter = counter + 1 returning counter');
  }

  insert({ licenseKey, terminalId }: SalesOwner, counter: number): void {
    this.#insert.run(licenseKey, terminalId, counter);
  }

  isOwnedBy({ licenseKey, terminalId }: SalesOwner): boolean {
    const row = this.#select.get();
    if (row === undefined) throw new DamagedFileError('The sales file does not say whose sales it holds.');
    return text(row, 'license_key') === licenseKey && text(row, 'terminal_id') === terminalId;
  }

  /** One more: the counter of the next sale. */
  count(): number {
    const row = this.#count.get();
    if (row === undefined) throw new DamagedFileError('The sales file has lost its counter.');
    return number(row, 'counter');
  }
}
