import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Catalog } from '../catalog/catalog.ts';
import { EMPTY_CATALOG } from '../catalog/catalog.ts';
import type { TillProduct } from '../catalog/items.ts';
import { searchProducts } from '../catalog/search.ts';
import { ALL, productsOn, type Shelf, type ShelfId, shelfOrAll, shelvesOf } from '../catalog/shelves.ts';

/** The one sheet that may lie over the page. */
export type OpenSheet =
  | { readonly is: 'none' }
  | { readonly is: 'status' }
  | { readonly is: 'activity' }
  | { readonly is: 'product'; readonly productId: string };

export const NO_SHEET: OpenSheet = { is: 'none' };

/** What the cashier has chosen to see. */
export interface View {
  readonly query: Signal<string>;
  readonly shelf: ReadonlySignal<ShelfId>;
  readonly sheet: Signal<OpenSheet>;
  readonly dismissed: Signal<ReadonlySet<string>>;
  readonly shelves: ReadonlySignal<readonly Shelf[]>;
  /** What is found while there is a query, else what the chosen shelf holds. */
  readonly products: ReadonlySignal<readonly TillProduct[]>;
  readonly isSearching: ReadonlySignal<boolean>;
  choose(shelf: ShelfId): void;
  dismiss(noticeId: string): void;
}

export function viewOf(source: ReadonlySignal<Catalog | null>): View {
  const query = signal('');
  const chosen = signal<ShelfId>(ALL);
  const sheet = signal<OpenSheet>(NO_SHEET);
  const dismissed = signal<ReadonlySet<string>>(new Set());
  const catalog = computed(() => source.value ?? EMPTY_CATALOG);
  const shelves = computed(() => shelvesOf(catalog.value));
  const shelf = computed(() => shelfOrAll(shelves.value, chosen.value));
  const isSearching = computed(() => query.value.trim() !== '');
  const products = computed(() =>
    isSearching.value
      ? searchProducts(catalog.value.ordered, query.value)
      : productsOn(catalog.value, shelf.value),
  );
  return {
    query,
    shelf,
    sheet,
    dismissed,
    shelves,
    products,
    isSearching,
    choose: (next) => {
      chosen.value = next;
      query.value = '';
    },
    dismiss: (noticeId) => {
      dismissed.value = new Set([...dismissed.peek(), noticeId]);
    },
  };
}
