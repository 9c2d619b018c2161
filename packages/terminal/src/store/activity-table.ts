import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Activity } from '@tillcast/protocol/http/terminal-api';
import { isItemKind } from '@tillcast/protocol/items/kind';
import { number, numberOrNull, type SqlRow, text, textOrNull } from './column.ts';

/** A line before it has its number. */
export type NewActivity = Omit<Activity, 'id'>;

/** So many lines are kept. */
export const ACTIVITY_MAX = 500;

/** What happened to this till's copy: a bounded log. */
export class ActivityTable {
  readonly #insert: StatementSync;
  readonly #deleteBelow: StatementSync;
  readonly #selectNewest: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(`
      insert into activity (type, version, summary, kind, item_id, old_price, new_price, currency,
        committed_at, received_at, applied_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#deleteBelow = db.prepare('delete from activity where id <= ?');
    this.#selectNewest = db.prepare('select * from activity order by id desc limit ?');
  }

  /** Adds a line, and lets the oldest go where there are too many. */
  insert(line: NewActivity): Activity {
    const { lastInsertRowid } = this.#insert.run(
      line.type,
      line.version,
      line.summary,
      line.kind,
      line.item_id,
      line.old_price,
      line.new_price,
      line.currency,
      line.committed_at,
      line.received_at,
      line.applied_at,
    );
    const id = Number(lastInsertRowid);
    this.#deleteBelow.run(id - ACTIVITY_MAX);
    return { id, ...line };
  }

  /** Newest first. */
  selectNewest(limit: number): readonly Activity[] {
    return this.#selectNewest.all(limit).map(activityOf);
  }
}

function activityOf(row: SqlRow): Activity {
  const kind = textOrNull(row, 'kind');
  return {
    id: number(row, 'id'),
    type: text(row, 'type'),
    version: numberOrNull(row, 'version'),
    summary: text(row, 'summary'),
    kind: isItemKind(kind) ? kind : null,
    item_id: textOrNull(row, 'item_id'),
    old_price: numberOrNull(row, 'old_price'),
    new_price: numberOrNull(row, 'new_price'),
    currency: textOrNull(row, 'currency'),
    committed_at: textOrNull(row, 'committed_at'),
    received_at: textOrNull(row, 'received_at'),
    applied_at: text(row, 'applied_at'),
  };
}
