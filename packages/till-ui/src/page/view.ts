import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Catalog } from '../catalog/catalog.ts';
import { EMPTY_CATALOG } from '../catalog/catalog.ts';
import type { TillProduct } from '../catalog/items.ts';
import { oftenSold } from '../catalog/often.ts';
import { searchProducts } from '../catalog/search.ts';
import {
  ALL,
  OFTEN,
  productsOn,
  type Shelf,
  type ShelfId,
  shelfKey,
  shelfOfKey,
  shelfOrAll,
  shelvesOf,
} from '../catalog/shelves.ts';
import type { Counter } from '../counter/counter.ts';

/** The one sheet that may lie over the page. */
export type OpenSheet =
  | { readonly is: 'none' }
  | { readonly is: 'status' }
  | { readonly is: 'menu' }
  | { readonly is: 'activity' }
  | { readonly is: 'product'; readonly productId: string }
  | { readonly is: 'line'; readonly lineId: string }
  | { readonly is: 'discount' }
  | { readonly is: 'refund'; readonly saleId: string }
  | { readonly is: 'export' };

export const NO_SHEET: OpenSheet = { is: 'none' };

/** The shelf of what is sold often is shown first, once there is about a row of it. */
const OFTEN_FIRST_FROM = 4;

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
  /** Whether a small screen shows the order's lines. */
  readonly cartShown: Signal<boolean>;
  choose(shelf: ShelfId): void;
  dismiss(noticeId: string): void;
}

export function viewOf(
  source: ReadonlySignal<Catalog | null>,
  counter: Pick<Counter, 'sales' | 'screen' | 'keepScreen'>,
): View {
  const query = signal('');
  const sheet = signal<OpenSheet>(NO_SHEET);
  const dismissed = signal<ReadonlySet<string>>(new Set());
  const cartShown = signal(false);
  // Without a till that keeps it, the choice is kept here.
  const chosenHere = signal<ShelfId | null>(null);
  const catalog = computed(() => source.value ?? EMPTY_CATALOG);
  const often = computed(() =>
    oftenSold(
      counter.sales.value.rows.map(({ sale }) => sale),
      catalog.value.products,
      catalog.value.ordered,
    ),
  );
  const shelves = computed(() => shelvesOf(catalog.value, often.value.length));
  const chosen = computed((): ShelfId => {
    if (chosenHere.value !== null) return chosenHere.value;
    const kept = counter.screen.value?.shelf ?? null;
    if (kept !== null) return shelfOfKey(kept);
    return often.value.length >= OFTEN_FIRST_FROM ? OFTEN : ALL;
  });
  const shelf = computed(() => shelfOrAll(shelves.value, chosen.value));
  const isSearching = computed(() => query.value.trim() !== '');
  const products = computed(() =>
    isSearching.value
      ? searchProducts(catalog.value.ordered, query.value)
      : productsOn(catalog.value, shelf.value, often.value),
  );
  return {
    query,
    shelf,
    sheet,
    dismissed,
    shelves,
    products,
    isSearching,
    cartShown,
    choose: (next) => {
      chosenHere.value = next;
      query.value = '';
      counter.keepScreen({ shelf: shelfKey(next) });
    },
    dismiss: (noticeId) => {
      dismissed.value = new Set([...dismissed.peek(), noticeId]);
    },
  };
}
