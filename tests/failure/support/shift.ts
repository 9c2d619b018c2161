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
    const cashier = await Cashier.at(tillUrl);
    for (let sale = 0; cashier !== null && sale < count; sale += 1) await this.#sell(cashier);
  }

  /** Opens so many orders, and leaves them open. */
  async openSome(tillUrl: string, count: number): Promise<void> {
    const cashier = await Cashier.at(tillUrl);
    for (let order = 0; cashier !== null && order < count; order += 1) await this.#open(cashier);
  }

  /** Takes the money for what is open. */
  async payOpen(tillUrl: string): Promise<void> {
    const cashier = await Cashier.at(tillUrl);
    if (cashier !== null) await this.#payOpen(cashier);
  }

  /** Goes home after the sale that is under way. */
  end(): void {
    this.#going = false;
  }

  /** Sells until the shift has ended, or the till is gone. What is open from before is paid first. */
  async sellAt(tillUrl: string): Promise<void> {
    const { random, pauseMaxMs } = this.#options;
    const cashier = await Cashier.at(tillUrl);
    if (cashier === null) return;
    let isThere = await this.#payOpen(cashier);
    while (this.#going && isThere) {
      isThere = await this.#sell(cashier);
      await pause(random() * pauseMaxMs);
    }
  }

  /** @returns whether the till is there */
  async #payOpen(cashier: Cashier): Promise<boolean> {
    const open = await cashier.openOrders();
    if (open.said === 'yes') {
      for (const order of open.answer.orders) await this.#pay(cashier, order);
    }
    return open.said !== 'nothing';
  }

  /** @returns whether the till is there */
  async #sell(cashier: Cashier): Promise<boolean> {
    const said = await this.#open(cashier);
    return said.said === 'yes' ? this.#pay(cashier, said.answer) : said.said !== 'nothing';
  }

  async #open(cashier: Cashier): Promise<Said<OrderAnswer>> {
    const { products, random, quantitiesFrom = 0 } = this.#options;
    const quantity = quantitiesFrom + this.tried.size + 1;
    this.tried.add(quantity);
    const said = await cashier.order(`P${Math.floor(random() * products)}`, quantity);
    if (said.said === 'yes') this.kept.add(quantity);
    this.#note(said);
    return said;
  }

  async #pay(cashier: Cashier, order: OrderAnswer): Promise<boolean> {
    const said = await cashier.pay(order);
    if (said.said === 'yes') this.saved.set(quantityOf(said.answer.sale), said.answer.sale);
    this.#note(said);
    return said.said !== 'nothing';
  }

  #note(said: Said<unknown>): void {
    if (said.said === 'nothing') this.unanswered += 1;
    if (said.said === 'no') this.refusals.push(said);
  }
}

/** Of which order a sale is. */
export function quantityOf({ lines: [line] }: Sale): number {
  return line?.quantity ?? 0;
}
