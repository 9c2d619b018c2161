import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Notice } from '@tillcast/protocol/http/terminal-api';
import { text } from './column.ts';

/** So many notices are kept, the newest: twice as many as a server tells of at once. */
const NOTICES_MAX = 100;

/** The broadcasts that have not expired, and those that did of late: they are not to be shown again. Times are ISO 8601 with milliseconds in UTC, so text order is time order. */
export class NoticesTable {
  readonly #insert: StatementSync;
  readonly #deleteExpired: StatementSync;
  readonly #deleteOldest: StatementSync;
  readonly #select: StatementSync;
  readonly #selectIds: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(`
      insert into notices (id, message, severity, sent_at, expires_at) values (?, ?, ?, ?, ?)
      on conflict (id) do nothing`);
    this.#deleteExpired = db.prepare('delete from notices where expires_at <= ?');
    this.#deleteOldest = db.prepare(`
      delete from notices where id not in (select id from notices order by sent_at desc, id desc limit ?)`);
    this.#select = db.prepare('select * from notices where expires_at > ? order by sent_at desc, id desc');
    this.#selectIds = db.prepare('select id from notices order by expires_at desc, id desc limit ?');
  }

  /** Whether it is new: a broadcast that comes twice is kept once. */
  insert(notice: Notice): boolean {
    const { id, message, severity, sent_at, expires_at } = notice;
    const { changes } = this.#insert.run(id, message, severity, sent_at, expires_at);
    this.#deleteOldest.run(NOTICES_MAX);
    return Number(changes) > 0;
  }

  deleteExpired(before: string): void {
    this.#deleteExpired.run(before);
  }

  /** Those that end last first. */
  selectIds(limit: number): readonly string[] {
    return this.#selectIds.all(limit).map((row) => text(row, 'id'));
  }

  /** Those that have not expired at a time, newest first. */
  select(now: string): readonly Notice[] {
    return this.#select.all(now).map((row) => ({
      id: text(row, 'id'),
      message: text(row, 'message'),
      severity: text(row, 'severity') === 'warning' ? 'warning' : 'info',
      sent_at: text(row, 'sent_at'),
      expires_at: text(row, 'expires_at'),
    }));
  }
}
