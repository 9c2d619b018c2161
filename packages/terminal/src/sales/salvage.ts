import { DatabaseSync } from 'node:sqlite';
import { asTillcastError } from '@tillcast/protocol/errors';
import { counterOf } from '@tillcast/protocol/sales/sale-id';
import { DamagedFileError, type SqlRow, text } from '../store/column.ts';
import { OrdersTable, orderOf } from './orders-table.ts';
import { OwnerTable, type SalesOwner } from './owner-table.ts';
import { keptSaleOf } from './sales-table.ts';

/** What could be read of a damaged sales file. */
export interface Salvaged {
  /** Sales that the server has not got yet. */
  readonly waiting: number;
  /** Sales that it has, or has rejected. */
  readonly answered: number;
  readonly orders: number;
  /** Rows that were there and made no sense: they stay in the file that was set aside. */
  readonly unreadable: number;
  /** What stopped the reading before the end; null where all was read. */
  readonly stoppedBy: string | null;
}

/**
 * Copies what can be read of a damaged sales file into a new one, which has its tables and nothing in them. Each row is read by
 * itself, from either end, so that one that cannot be read costs no other more than it must.
 */
export function salvageInto(db: DatabaseSync, from: string, owner: SalesOwner): Salvaged {
  const read = readAll(from);
  const insert = db.prepare(`
    insert into sales (counter, id, kind, refund_of, body, saved_at, state, tries, code, detail, answered_at)
    values (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?) on conflict do nothing`);
  let [waiting, answered, unreadable, newest] = [0, 0, 0, 0];
  for (const row of read.sales) {
    const kept = readable(row, keptSaleOf);
    if (kept === null) {
      unreadable += 1;
      continue;
    }
    const { sale, state, code, detail, savedAt, answeredAt } = kept;
    const counter = counterOf(sale.id);
    const body = text(row, 'body');
    const { changes } = insert.run(
      counter,
      sale.id,
      sale.kind,
      sale.refund_of,
      body,
      savedAt,
      state,
      code,
      detail,
      answeredAt,
    );
    newest = Math.max(newest, counter);
    if (state === 'saved') waiting += Number(changes);
    else answered += Number(changes);
  }
  const table = new OrdersTable(db);
  const orders = read.orders.map((row) => readable(row, orderOf)).filter((order) => order !== null);
  for (const order of orders) table.upsert(order);
  unreadable += read.orders.length - orders.length;
  new OwnerTable(db).insert(owner, newest);
  return { waiting, answered, orders: orders.length, unreadable, stoppedBy: read.stoppedBy };
}

function readable<T>(row: SqlRow, read: (row: SqlRow) => T): T | null {
  try {
    return read(row);
  } catch (error) {
    if (error instanceof DamagedFileError) return null;
    throw error;
  }
}

function readAll(from: string): {
  readonly sales: readonly SqlRow[];
  readonly orders: readonly SqlRow[];
  readonly stoppedBy: string | null;
} {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(from, { timeout: 1_000 });
  } catch (error) {
    return { sales: [], orders: [], stoppedBy: asTillcastError(error).message };
  }
  const stops: string[] = [];
  const rowsOf = (sql: string): SqlRow[] => {
    const rows: SqlRow[] = [];
    try {
      for (const row of db.prepare(sql).iterate()) rows.push(row);
    } catch (error) {
      stops.push(asTillcastError(error).message);
    }
    return rows;
  };
  try {
    const forwards = rowsOf('select * from sales order by counter');
    const backwards = stops.length === 0 ? [] : rowsOf('select * from sales order by counter desc');
    const orders = rowsOf('select * from orders');
    return { sales: [...forwards, ...backwards], orders, stoppedBy: stops[0] ?? null };
  } finally {
    db.close();
  }
}
