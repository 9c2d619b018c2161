import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { text } from '../store/column.ts';

/** Small things that survive a power cut: which screen was open, how often a PIN was wrong. */
export class KeptTable {
  readonly #upsert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(
      'insert into kept (key, value) values (?, ?) on conflict (key) do update set value = excluded.value',
    );
    this.#select = db.prepare('select value from kept where key = ?');
    this.#delete = db.prepare('delete from kept where key = ?');
  }

  upsert(key: string, value: string): void {
    this.#upsert.run(key, value);
  }

  select(key: string): string | null {
    const row = this.#select.get(key);
    return row === undefined ? null : text(row, 'value');
  }

  delete(key: string): void {
    this.#delete.run(key);
  }
}
