import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type ErrorCode, isErrorCode } from '@tillcast/protocol/errors';
import { type Sale, saleSchema } from '@tillcast/protocol/sales/sale';
import type { SaleId } from '@tillcast/protocol/sales/sale-id';
import { DamagedFileError, number, type SqlRow, text, textOrNull } from '../store/column.ts';

/** What the server said of a sale, as far as it has said anything. */
export type SaleState = 'saved' | 'accepted' | 'rejected';

/** A sale as the till has it. */
export interface KeptSale {
  readonly counter: number;
  readonly sale: Sale;
  readonly state: SaleState;
  /** Why it was rejected. */
  readonly code: ErrorCode | null;
  readonly detail: string | null;
  readonly savedAt: string;
  readonly answeredAt: string | null;
}

/** What the server has not taken. */
export interface UnsentSales {
  readonly waiting: number;
  readonly rejected: number;
  /** When the oldest that waits was saved: ISO 8601. */
  readonly oldestSavedAt: string | null;
}

/** The sales of a till. */
export class SalesTable {
  readonly #insert: StatementSync;
  readonly #selectById: StatementSync;
  readonly #selectNewest: StatementSync;
  readonly #selectRefunds: StatementSync;
  readonly #selectWaiting: StatementSync;
  readonly #selectUnsent: StatementSync;
  readonly #count: StatementSync;
  readonly #update: StatementSync;
  readonly #addTry: StatementSync;
  readonly #doubt: StatementSync;
  readonly #deleteOldest: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(`
      insert into sales (counter, id, kind, refund_of, body, saved_at, state, tries) values (?, ?, ?, ?, ?, ?, 'saved', 0)`);
    this.#selectById = db.prepare('select * from sales where id = ?');
    this.#selectNewest = db.prepare('select * from sales where counter < ? order by counter desc limit ?');
    this.#selectRefunds = db.prepare('select * from sales where refund_of = ? order by counter');
    this.#selectWaiting = db.prepare(`
      select * from sales where state = 'saved' order by tries, counter limit ?`);
    this.#selectUnsent = db.prepare(`
      select * from sales where state <> 'accepted' order by counter`);
    this.#count = db.prepare(`
      select (select count(*) from sales where state = 'saved') as waiting,
        (select count(*) from sales where state = 'rejected') as rejected,
        (select min(saved_at) from sales where state = 'saved') as oldest`);
    this.#update = db.prepare(`
      update sales set state = ?, code = ?, detail = ?, answered_at = ?, tries = 0 where id = ? and state = ?`);
    this.#addTry = db.prepare("update sales set tries = tries + 1 where id = ? and state = 'saved'");
    this.#doubt = db.prepare(`
      update sales set state = 'saved', answered_at = null, tries = 1 where state = 'accepted'`);
    this.#deleteOldest = db.prepare(`
      delete from sales where state = 'accepted' and counter <= (select max(counter) from sales) - ?`);
  }

  insert(counter: number, sale: Sale, savedAt: string): void {
    this.#insert.run(counter, sale.id, sale.kind, sale.refund_of, JSON.stringify(sale), savedAt);
  }

  selectById(id: SaleId): KeptSale | null {
    const row = this.#selectById.get(id);
    return row === undefined ? null : keptSaleOf(row);
  }

  /** Those before a counter, newest first. */
  selectNewest(before: number, limit: number): readonly KeptSale[] {
    return this.#selectNewest.all(before, limit).map(keptSaleOf);
  }

  selectRefunds(of: SaleId): readonly Sale[] {
    return this.#selectRefunds.all(of).map((row) => keptSaleOf(row).sale);
  }

  /** Those that wait for the server: the least tried first, of these the oldest. */
  selectWaiting(limit: number): readonly KeptSale[] {
    return this.#selectWaiting.all(limit).map(keptSaleOf);
  }

  /** All that the server has not taken, in order. */
  selectUnsent(): readonly KeptSale[] {
    return this.#selectUnsent.all().map(keptSaleOf);
  }

  count(): UnsentSales {
    const row = this.#count.get();
    if (row === undefined) throw new DamagedFileError('The sales file does not count its sales.');
    return {
      waiting: number(row, 'waiting'),
      rejected: number(row, 'rejected'),
      oldestSavedAt: textOrNull(row, 'oldest'),
    };
  }

  updateAccepted(id: SaleId, at: string): void {
    this.#update.run('accepted', null, null, at, id, 'saved');
  }

  updateRejected(id: SaleId, code: ErrorCode, detail: string, at: string): void {
    this.#update.run('rejected', code, detail, at, id, 'saved');
  }

  /** A rejected sale waits again. Whether there was one. */
  updateWaiting(id: SaleId): boolean {
    return Number(this.#update.run('saved', null, null, null, id, 'rejected').changes) > 0;
  }

  addTry(id: SaleId): void {
    this.#addTry.run(id);
  }

  /** Those that were accepted wait again, behind those that were not sent yet. @returns how many */
  doubtAccepted(): number {
    return Number(this.#doubt.run().changes);
  }

  /** Lets go of accepted sales beyond the newest. */
  deleteOldest(kept: number): void {
    this.#deleteOldest.run(kept);
  }
}

/** @throws DamagedFileError where a row is not what was ever written */
export function keptSaleOf(row: SqlRow): KeptSale {
  const parsed = saleSchema.safeParse(jsonOf(text(row, 'body')));
  if (!parsed.success) throw new DamagedFileError(`Sale ${text(row, 'id')} cannot be read any more.`);
  const code = textOrNull(row, 'code');
  return {
    counter: number(row, 'counter'),
    sale: parsed.data,
    state: stateOf(text(row, 'state')),
    code: isErrorCode(code) ? code : null,
    detail: textOrNull(row, 'detail'),
    savedAt: text(row, 'saved_at'),
    answeredAt: textOrNull(row, 'answered_at'),
  };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new DamagedFileError('A sale is no JSON any more.', { cause });
  }
}

function stateOf(word: string): SaleState {
  if (word === 'saved' || word === 'accepted' || word === 'rejected') return word;
  throw new DamagedFileError(`A sale is in no state: ${word}`);
}
