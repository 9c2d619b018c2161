import { randomBytes } from 'node:crypto';
import type { ErrorCode } from '@tillcast/protocol/errors';
import { TillcastError } from '@tillcast/protocol/errors';
import type { Order } from '@tillcast/protocol/sales/order';
import type { Sale } from '@tillcast/protocol/sales/sale';
import { RUN_BYTES, type RunName, runName, type SaleId, saleIdOf } from '@tillcast/protocol/sales/sale-id';
import { isFull, messageOf } from '../store/sqlite-error.ts';
import { inTransaction } from '../store/transaction.ts';
import type { OpenSales } from './open-sales.ts';
import type { KeptSale, UnsentSales } from './sales-table.ts';

/** So many accepted sales stay on the till, for receipts and refunds: the newest. */
const ACCEPTED_KEPT = 20_000;

const HISTORY_KEY = 'history';

/** What names a sale: made within the transaction that saves it. */
export interface SaleName {
  readonly id: SaleId;
  readonly receiptNumber: string;
}

/**
 * Everything that a till must not lose: its sales, its open orders and where the cashier was, in a file apart from the
 * catalog, which may be thrown away at any time (P7). What a method has returned from is on the disk (P5).
 *
 * Every method that writes throws TillcastError `till_disk_full` where the disk is full, and has changed nothing then.
 */
export class SalesFile {
  readonly #open: OpenSales;
  readonly #run: RunName;
  #history: string | null;

  /**
   * @param open the file, which is closed with this
   * @param bytes random ones, that name this run
   */
  constructor(open: OpenSales, bytes: Uint8Array = randomBytes(RUN_BYTES)) {
    this.#open = open;
    this.#run = runName(bytes);
    this.#history = open.kept.select(HISTORY_KEY);
  }

  /** The server's history that has what is accepted: an epoch, null before it was first named. */
  get history(): string | null {
    return this.#history;
  }

  /**
   * The server's history is this one. Where it was another, its database was restored from a backup and may lack what it accepted
   * since: every accepted sale that is still here waits again, behind those that were not sent yet.
   * @returns how many wait again
   */
  beginHistory(epoch: string): number {
    if (epoch === this.#history) return 0;
    const again = this.#write(({ sales, kept }) => {
      kept.upsert(HISTORY_KEY, epoch);
      return sales.doubtAccepted();
    });
    this.#history = epoch;
    return again;
  }

  /**
   * Saves the sale that an order has become, and the order is open no more: both or neither.
   * @param order the order as it was when it was paid; null for a refund
   * @param make is given the sale's name; what it throws is passed on, and the number is given to the next
   * @throws TillcastError `order_changed`, `order_not_found`
   */
  saveSale(
    order: Pick<Order, 'id' | 'revision'> | null,
    make: (name: SaleName) => Sale,
    savedAt: string,
  ): Sale {
    return this.#write(({ owner, sales, orders }) => {
      if (order !== null) this.#expect(order.id, order.revision);
      const counter = owner.count();
      const sale = make({ id: saleIdOf(this.#run, counter), receiptNumber: String(counter) });
      sales.insert(counter, sale, savedAt);
      if (order !== null) orders.delete(order.id);
      if (counter % 100 === 0) sales.deleteOldest(ACCEPTED_KEPT);
      return sale;
    });
  }

  sale(id: SaleId): KeptSale | null {
    return this.#open.sales.selectById(id);
  }

  /** Those before a counter, newest first. */
  newestSales(before: number, limit: number): readonly KeptSale[] {
    return this.#open.sales.selectNewest(before, limit);
  }

  refundsOf(id: SaleId): readonly Sale[] {
    return this.#open.sales.selectRefunds(id);
  }

  /** Those that wait for the server, in the order in which they are to be sent. */
  waitingSales(limit: number): readonly KeptSale[] {
    return this.#open.sales.selectWaiting(limit);
  }

  /** All that the server has not taken, those that it rejected too. */
  unsentSales(): readonly KeptSale[] {
    return this.#open.sales.selectUnsent();
  }

  countUnsent(): UnsentSales {
    return this.#open.sales.count();
  }

  /** What the server said of sales. */
  takeAnswers(
    answers: readonly (
      | { readonly id: SaleId; readonly outcome: 'accepted' }
      | {
          readonly id: SaleId;
          readonly outcome: 'rejected';
          readonly code: ErrorCode;
          readonly detail: string;
        }
    )[],
    at: string,
  ): void {
    this.#write(({ sales }) => {
      for (const answer of answers) {
        if (answer.outcome === 'accepted') sales.updateAccepted(answer.id, at);
        else sales.updateRejected(answer.id, answer.code, answer.detail, at);
      }
    });
  }

  /** The server failed over these: others go before them. */
  addTries(ids: readonly SaleId[]): void {
    this.#write(({ sales }) => {
      for (const id of ids) sales.addTry(id);
    });
  }

  /** Has a rejected sale sent again. @throws TillcastError `sale_not_found` where there is no rejected one of that id */
  retry(id: SaleId): void {
    this.#write(({ sales }) => {
      if (sales.updateWaiting(id)) return;
      throw new TillcastError('sale_not_found', 'There is no rejected sale with that number on this till.');
    });
  }

  order(id: string): Order | null {
    return this.#open.orders.select(id);
  }

  orders(): readonly Order[] {
    return this.#open.orders.selectAll();
  }

  /**
   * Keeps an order as it is now; one that has nothing in it and no table is let go of.
   * @param after the revision that it was made from; null for a new one
   * @throws TillcastError `order_changed`, `order_not_found`
   */
  keepOrder(order: Order, after: number | null): void {
    this.#write(({ orders }) => {
      if (after !== null) this.#expect(order.id, after);
      orders.upsert(order);
    });
  }

  deleteOrder(id: string): void {
    this.#write(({ orders }) => orders.delete(id));
  }

  /** Something small that is to survive a power cut; null: nothing was kept. */
  kept(key: string): string | null {
    return this.#open.kept.select(key);
  }

  keep(key: string, value: string | null): void {
    this.#write(({ kept }) => {
      if (value === null) kept.delete(key);
      else kept.upsert(key, value);
    });
  }

  close(): void {
    this.#open.db.close();
  }

  #expect(id: string, revision: number): void {
    const order = this.#open.orders.select(id);
    if (order === null) throw new TillcastError('order_not_found', 'That order is not open any more.');
    if (order.revision === revision) return;
    throw new TillcastError('order_changed', 'The order was changed meanwhile, here or on another page.');
  }

  #write<T>(work: (open: OpenSales) => T): T {
    try {
      return inTransaction(this.#open.db, () => ({ commit: true, result: work(this.#open) }));
    } catch (error) {
      if (!isFull(error)) throw error;
      throw new TillcastError(
        'till_disk_full',
        `Nothing was saved: this till's disk is full (${messageOf(error)}). Free some space, then do it again.`,
        { cause: error },
      );
    }
  }
}
