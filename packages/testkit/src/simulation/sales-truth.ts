import { saleSchema } from '@tillcast/protocol/sales/sale';
import type { MemorySales } from './memory-sales.ts';
import type { Surroundings } from './surroundings.ts';

/** Names a sale: its terminal and its id. */
export function saleRef(terminalId: string, saleId: string): string {
  return `${terminalId} ${saleId}`;
}

/**
 * What is true of sales: which ones tills have made, which of them somebody was told are saved (P5), and which the server has
 * taken. It looks at what the server holds after each request.
 */
export class SalesTruth {
  readonly #surroundings: Surroundings;
  readonly #stored: () => MemorySales;
  /** Every sale that ever was in a till's file, in the server's form. */
  readonly #made = new Map<string, string>();
  readonly #promised = new Set<string>();
  readonly #everTaken = new Set<string>();
  #restoredAtMs = -Infinity;
  #generation = 0;
  #refs: ReadonlySet<string> = new Set();
  #refsOf = -1;

  /** @param stored what the server holds at the moment */
  constructor(surroundings: Surroundings, stored: () => MemorySales) {
    this.#surroundings = surroundings;
    this.#stored = stored;
  }

  /** When the server was last put back to an older copy. */
  get restoredAtMs(): number {
    return this.#restoredAtMs;
  }

  /** Another number whenever the server may hold others. */
  get generation(): number {
    return this.#generation;
  }

  /** A sale lies in a till's file: no other one ever had its id. */
  made(ref: string, text: string): void {
    const sale = canonicalOf(text);
    const known = this.#made.get(ref);
    if (known === undefined) this.#made.set(ref, sale);
    else if (known !== sale) this.#broken(`${ref} is the id of two sales: ${known} and ${sale}`);
  }

  /** Somebody was told that it is saved. */
  promised(ref: string): void {
    this.#surroundings.trace.add('sold', () => ref);
    this.#promised.add(ref);
  }

  /** Some sales may have been stored: each is one that its till made, as it made it, and there once. */
  taken({ rows, rejected }: MemorySales): void {
    this.#surroundings.trace.add('takes sales', () => `${rows.length} are there`);
    this.#generation += 1;
    const seen = new Set<string>();
    for (const { terminalId, saleId, body } of rows) {
      const ref = saleRef(terminalId, saleId);
      if (seen.has(ref)) this.#broken(`${ref} is on the server twice`);
      seen.add(ref);
      this.#everTaken.add(ref);
      if (this.#made.get(ref) !== body) this.#broken(`${ref} is on the server as no till made it: ${body}`);
    }
    const [one] = rejected;
    if (one !== undefined) this.#broken(`the server rejected a sale with ${one.code}: ${one.body}`);
  }

  wasTaken(ref: string): boolean {
    return this.#everTaken.has(ref);
  }

  isStored(ref: string): boolean {
    if (this.#refsOf !== this.#generation) {
      this.#refs = new Set(this.#stored().rows.map(({ terminalId, saleId }) => saleRef(terminalId, saleId)));
      this.#refsOf = this.#generation;
    }
    return this.#refs.has(ref);
  }

  restored(): void {
    this.#generation += 1;
    this.#restoredAtMs = this.#surroundings.scheduler.nowMs;
  }

  /** What a fault of ours has taken from the last place where it was is owed to nobody. @param isHeld by some till */
  release(isHeld: (ref: string) => boolean): void {
    for (const ref of this.#promised) {
      if (isHeld(ref) || this.isStored(ref)) continue;
      this.#promised.delete(ref);
      this.#surroundings.trace.add('destroyed', () => ref);
    }
  }

  /** A sale that was called saved and that the server lacks; null where there is none. */
  missing(): string | null {
    for (const ref of this.#promised) if (!this.isStored(ref)) return ref;
    return null;
  }

  #broken(detail: string): void {
    this.#surroundings.broken('P5 each sale once', detail);
  }
}

/** A sale in the one form in which it has one text. */
function canonicalOf(text: string): string {
  return JSON.stringify(saleSchema.parse(JSON.parse(text)));
}
