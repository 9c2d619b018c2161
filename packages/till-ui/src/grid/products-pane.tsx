import './products-pane.css';
import '../ui/button.css';
import type { VNode } from 'preact';
import { isForSale } from '../catalog/items.ts';
import { isSameShelf } from '../catalog/shelves.ts';
import { nameOf } from '../categories/category-rail.tsx';
import { strings } from '../i18n/strings.ts';
import { usePage } from '../page/context.ts';
import { Empty } from '../ui/empty.tsx';
import { ProductGrid } from './product-grid.tsx';

/** The page's middle: what the chosen category holds, or what the search found. */
export function ProductsPane(): VNode {
  const { till, counter, view } = usePage();
  const catalog = till.catalog.catalog.value;
  const products = view.products.value;
  const choice = view.isSearching.value ? `search ${view.query.value}` : JSON.stringify(view.shelf.value);
  return (
    <main class="products">
      <Heading />
      {catalog === null ? (
        <Skeleton />
      ) : products.length === 0 ? (
        <NothingHere />
      ) : (
        <ProductGrid
          key={choice}
          products={products}
          categories={catalog.categories}
          flashes={till.catalog.flashes.value}
          onOpen={(productId) => {
            const product = catalog.products.get(productId);
            if (counter.ready.value && product !== undefined && isForSale(product)) counter.tap(productId);
            else view.sheet.value = { is: 'product', productId };
          }}
          onDetail={(productId) => {
            view.sheet.value = { is: 'product', productId };
          }}
        />
      )}
    </main>
  );
}

function Heading(): VNode {
  const { till, view } = usePage();
  const shelf = view.shelves.value.find(({ id }) => isSameShelf(id, view.shelf.value));
  const isSearching = view.isSearching.value;
  const title = isSearching ? strings.search.heading(view.query.value.trim()) : nameOf(shelf ?? ALL_SHELF);
  const count = view.products.value.length;
  return (
    <div class={`products-head${isSearching ? ' is-search' : ''}`}>
      <h1 class="products-title" dir="auto">
        {title}
      </h1>
      <p class="products-count figures" role="status" data-testid="product-count">
        {till.catalog.catalog.value === null
          ? ''
          : isSearching
            ? strings.search.found(count)
            : strings.counts.product(count)}
      </p>
    </div>
  );
}

const ALL_SHELF = { id: { is: 'all' }, category: null, count: 0 } as const;

function NothingHere(): VNode {
  const { till, view } = usePage();
  const text = strings.products;
  if (view.isSearching.value) {
    return (
      <Empty
        icon="search"
        title={strings.search.nothing(view.query.value.trim())}
        hint={strings.search.nothingHint}
      >
        <button type="button" class="button" onClick={() => (view.query.value = '')}>
          {strings.search.clear}
        </button>
      </Empty>
    );
  }
  const state = till.state.value;
  if (state === null || state.version === null) {
    return <Empty icon="box" title={text.noneYet} hint={state?.reason || text.noneYetHint} />;
  }
  return view.shelf.value.is === 'all' ? (
    <Empty icon="box" title={text.emptyCatalog} hint={text.emptyCatalogHint} />
  ) : (
    <Empty icon="box" title={text.emptyShelf} hint={text.emptyShelfHint} />
  );
}

const SKELETON_TILES = Array.from({ length: 15 }, (_, index) => index);

function Skeleton(): VNode {
  return (
    <div class="skeleton" aria-busy="true" aria-label={strings.products.loading} data-testid="skeleton">
      {SKELETON_TILES.map((tile) => (
        <span key={tile} class="skeleton-tile" />
      ))}
    </div>
  );
}
