import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Order, orderSchema } from '@tillcast/protocol/sales/order';
import { DamagedFileError, type SqlRow, text } from '../store/column.ts';

/** The orders that are open. */
export class OrdersTable {
  readonly #upsert: StatementSync;
  readonly #select: StatementSync;
  readonly #selectAll: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(`
      insert into orders (id, revision, body) values (?, ?, ?)
      on conflict (id) do update set revision = excluded.revision, body = excluded.body`);
    this.#select = db.prepare('select body from orders where id = ?');
    this.#selectAll = db.prepare('select body from orders order by id');
    this.#delete = db.prepare('delete from orders where id = ?');
  }

  upsert(order: Order): void {
    this.#upsert.run(order.id, order.revision, JSON.stringify(order));
  }

  select(id: string): Order | null {
    const row = this.#select.get(id);
    return row === undefined ? null : orderOf(row);
  }

  selectAll(): readonly Order[] {
    return this.#selectAll.all().map(orderOf);
  }

  delete(id: string): void {
    this.#delete.run(id);
  }
}

/** @throws DamagedFileError where a row is not what was ever written */
export function orderOf(row: SqlRow): Order {
  try {
    return orderSchema.parse(JSON.parse(text(row, 'body')));
  } catch (cause) {
    throw new DamagedFileError('An open order cannot be read any more.', { cause });
  }
}
