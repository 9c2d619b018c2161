import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Notice } from '@tillcast/protocol/http/terminal-api';
import { text } from './column.ts';

/** So many notices are kept: the newest. */
export const NOTICES_MAX = 50;

/** The broadcasts that have not expired. Times are ISO 8601 with milliseconds in UTC, so text order is time order. */
export class NoticesTable {
  readonly #insert: StatementSync;
  readonly #deleteExpired: StatementSync;
  readonly #deleteOldest: StatementSync;
  readonly #select: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(`
      insert into notices (id, message, severity, sent_at, expires_at) values (?, ?, ?, ?, ?)
      on conflict (id) do nothing`);
    this.#deleteExpired = db.prepare('delete from notices where expires_at <= ?');
    this.#deleteOldest = db.prepare(`
      delete from notices where id not in (select id from notices order by sent_at desc, id desc limit ?)`);
    this.#select = db.prepare('select * from notices order by sent_at desc, id desc');
  }

  /** Whether it is new: a broadcast that comes twice is kept once. */
  insert(notice: Notice): boolean {
    const { id, message, severity, sent_at, expires_at } = notice;
    const { changes } = this.#insert.run(id, message, severity, sent_at, expires_at);
    this.#deleteOldest.run(NOTICES_MAX);
    return Number(changes) > 0;
  }

  deleteExpired(now: string): void {
    this.#deleteExpired.run(now);
  }

  /** Newest first. */
  select(): readonly Notice[] {
    return this.#select.all().map((row) => ({
      id: text(row, 'id'),
      message: text(row, 'message'),
      severity: text(row, 'severity') === 'warning' ? 'warning' : 'info',
      sent_at: text(row, 'sent_at'),
      expires_at: text(row, 'expires_at'),
    }));
  }
}
