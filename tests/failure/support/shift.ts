import { setTimeout as pause } from 'node:timers/promises';
import type { OrderAnswer } from '@tillcast/protocol/http/till-api';
import type { Sale } from '@tillcast/protocol/sales/sale';
import { Cashier, type Said } from './cashier.ts';

export interface ShiftOptions {
  /** How many products there are: `P0`, `P1` … */
  readonly products: number;
  /** In [0, 1): which product is next, and how long until then. */
  readonly random: () => number;
  /** Between two sales, at most. */
  readonly pauseMaxMs: number;
  /** Its first order is of one more. Default 0; 9,999 is the most of one thing. */
  readonly quantitiesFrom?: number;
}

/** A refusal that a cashier was told. */
export type Refusal = Extract<Said<never>, { said: 'no' }>;

/**
 * A cashier who sells at one till, through its deaths and restarts, and knows what the till has said. No two orders are of the same
 * quantity, so that a sale tells of which order it is.
 */
export class Shift {
  /** Orders that were asked for, by quantity: of those in none of the other lists, nothing is known. */
  readonly tried: Set<number> = new Set();
  /** Orders of which the till said that it keeps them. */
  readonly kept: Set<number> = new Set();
  /** Sales of which the till said that they are saved. */
  readonly saved: Map<number, Sale> = new Map();
  readonly refusals: Refusal[] = [];
  /** How often the till went while it was asked. */
  unanswered = 0;
  readonly #options: ShiftOptions;
  #going = true;

  constructor(options: ShiftOptions) {
    this.#options = options;
  }

  savedIds(): ReadonlySet<string> {
    return new Set([...this.saved.values()].map(({ id }) => id));
  }

  /** Sells so many, and no more for now. */
  async sellSome(tillUrl: string, count: number): Promise<void> {
    const { products, random } = this.#options;
    const cashier = await Cashier.at(tillUrl);
    for (let sale = 0; cashier !== null && sale < count; sale += 1) {
      await this.#sell(cashier, `P${Math.floor(random() * products)}`);
    }
  }

  /** Goes home after the sale that is under way. */
  end(): void {
    this.#going = false;
  }

  /** Sells until the shift has ended, or the till is gone. What is open from before is paid first. */
  async sellAt(tillUrl: string): Promise<void> {
    const { products, random, pauseMaxMs } = this.#options;
    const cashier = await Cashier.at(tillUrl);
    if (cashier === null) return;
    const open = await cashier.openOrders();
    if (open.said === 'yes') {
      for (const order of open.answer.orders) await this.#pay(cashier, order);
    }
    let isThere = open.said !== 'nothing';
    while (this.#going && isThere) {
      isThere = await this.#sell(cashier, `P${Math.floor(random() * products)}`);
      await pause(random() * pauseMaxMs);
    }
  }

  /** @returns whether the till is there */
  async #sell(cashier: Cashier, productId: string): Promise<boolean> {
    const quantity = (this.#options.quantitiesFrom ?? 0) + this.tried.size + 1;
    this.tried.add(quantity);
    const said = await cashier.order(productId, quantity);
    if (said.said === 'yes') {
      this.kept.add(quantity);
      return this.#pay(cashier, said.answer);
    }
    return this.#isThere(said);
  }

  async #pay(cashier: Cashier, order: OrderAnswer): Promise<boolean> {
    const said = await cashier.pay(order);
    if (said.said === 'yes') this.saved.set(quantityOf(said.answer.sale), said.answer.sale);
    return this.#isThere(said);
  }

  #isThere(said: Said<unknown>): boolean {
    if (said.said === 'nothing') this.unanswered += 1;
    if (said.said === 'no') this.refusals.push(said);
    return said.said !== 'nothing';
  }
}

/** Of which order a sale is. */
export function quantityOf({ lines: [line] }: Sale): number {
  return line?.quantity ?? 0;
}
