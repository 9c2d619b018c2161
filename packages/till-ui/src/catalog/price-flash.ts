import type { TillProduct } from './items.ts';

/** How long a tile shows its old price beside the new one. */
export const PRICE_FLASH_MS = 8_000;

/** A product's price that has just changed. */
export interface PriceFlash {
  readonly productId: string;
  readonly oldPrice: number;
  readonly oldCurrency: string;
  readonly atMs: number;
}

export type PriceFlashes = ReadonlyMap<string, PriceFlash>;

export const NO_FLASHES: PriceFlashes = new Map();

type Products = ReadonlyMap<string, TillProduct>;

/**
 * The flashes after products changed: one for each price that differs now, a new one where it differs once
 * more; that of a deleted product goes. Products that were not there before do not flash.
 * @param ids the products to look at; all when left out
 */
export function flashesAfter(
  flashes: PriceFlashes,
  before: Products,
  after: Products,
  nowMs: number,
  ids: Iterable<string> = after.keys(),
): PriceFlashes {
  const next = new Map(flashes);
  for (const id of ids) {
    const was = before.get(id);
    const is = after.get(id);
    if (is === undefined) next.delete(id);
    else if (was !== undefined && was.price !== null && is.price !== null && differs(was, is)) {
      next.set(id, { productId: id, oldPrice: was.price, oldCurrency: was.currency, atMs: nowMs });
    }
  }
  return next;
}

/** The flashes that are still to be seen. The same map when none has ended. */
export function currentFlashes(flashes: PriceFlashes, nowMs: number): PriceFlashes {
  const current = [...flashes].filter(([, { atMs }]) => nowMs - atMs < PRICE_FLASH_MS);
  return current.length === flashes.size ? flashes : new Map(current);
}

/** When the next flash ends; null when there is none. */
export function nextFlashEndMs(flashes: PriceFlashes): number | null {
  let first: number | null = null;
  for (const { atMs } of flashes.values()) if (first === null || atMs < first) first = atMs;
  return first === null ? null : first + PRICE_FLASH_MS;
}

function differs(a: TillProduct, b: TillProduct): boolean {
  return a.price !== b.price || a.currency !== b.currency;
}
