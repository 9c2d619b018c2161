import type { Cursor } from '@tillcast/protocol/cursor';
import { ITEM_KINDS, type ItemKind } from '@tillcast/protocol/items/kind';

/** An item whose text a commit changed: null where it was or is not there. */
export interface TouchedItem {
  readonly kind: ItemKind;
  readonly id: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What a commit did to the catalog. */
export interface CatalogChange {
  /** Null where there was no catalog. */
  readonly from: Cursor | null;
  readonly to: Cursor;
  /** How many items are not what they were. */
  readonly count: number;
  /** Those items in order; only the first TOUCHED_MAX, since a snapshot may touch all there are. */
  readonly touched: readonly TouchedItem[];
  /** Whether `touched` is all of them. */
  readonly complete: boolean;
}

/** So many touched items are told one by one. */
export const TOUCHED_MAX = 500;

/** Keeps count while a transaction goes through its rows. */
export class ChangeTally {
  readonly #touched: TouchedItem[] = [];
  readonly #added: Record<ItemKind, number> = { category: 0, modifier: 0, product: 0, table: 0, user: 0 };
  #count = 0;

  note(kind: ItemKind, id: string, before: string | null, after: string | null): void {
    this.#added[kind] += Number(after !== null) - Number(before !== null);
    if (before === after) return;
    this.#count += 1;
    if (this.#touched.length < TOUCHED_MAX) this.#touched.push({ kind, id, before, after });
  }

  /** The items by kind after the commit. */
  countsFrom(counts: Readonly<Record<ItemKind, number>>): Record<ItemKind, number> {
    const after = { ...counts };
    for (const kind of ITEM_KINDS) after[kind] += this.#added[kind];
    return after;
  }

  change(from: Cursor | null, to: Cursor): CatalogChange {
    const complete = this.#touched.length === this.#count;
    return { from, to, count: this.#count, touched: this.#touched, complete };
  }
}
