import type { Catalog } from './catalog.ts';
import type { TillCategory, TillProduct } from './items.ts';

/** What the rail chooses from: everything, one category, or what stands in none. */
export type ShelfId =
  | { readonly is: 'often' }
  | { readonly is: 'all' }
  | { readonly is: 'category'; readonly id: string }
  | { readonly is: 'rest' };

export const OFTEN: ShelfId = { is: 'often' };
export const ALL: ShelfId = { is: 'all' };
export const REST: ShelfId = { is: 'rest' };

export interface Shelf {
  readonly id: ShelfId;
  /** Null for `often`, `all` and `rest`, which the page names itself. */
  readonly category: TillCategory | null;
  readonly count: number;
}

/** What is sold often if there is any, everything, then the categories in order, then the rest if there is any. */
export function shelvesOf(catalog: Catalog, oftenCount = 0): readonly Shelf[] {
  const counts = new Map<string, number>(catalog.categories.map(({ id }) => [id, 0]));
  let rest = 0;
  for (const { categoryId } of catalog.ordered) {
    const count = categoryId === null ? undefined : counts.get(categoryId);
    if (categoryId === null || count === undefined) rest += 1;
    else counts.set(categoryId, count + 1);
  }
  return [
    ...(oftenCount === 0 ? [] : [{ id: OFTEN, category: null, count: oftenCount }]),
    { id: ALL, category: null, count: catalog.products.size },
    ...catalog.categories.map((category) => ({
      id: { is: 'category', id: category.id } as const,
      category,
      count: counts.get(category.id) ?? 0,
    })),
    ...(rest > 0 && catalog.categories.length > 0 ? [{ id: REST, category: null, count: rest }] : []),
  ];
}

export function isSameShelf(a: ShelfId, b: ShelfId): boolean {
  return a.is === b.is && (a.is !== 'category' || b.is !== 'category' || a.id === b.id);
}

/** The shelf itself, or everything when it is no longer there. */
export function shelfOrAll(shelves: readonly Shelf[], id: ShelfId): ShelfId {
  return shelves.some((shelf) => isSameShelf(shelf.id, id)) ? id : ALL;
}

/** The products of a shelf, in the catalog's order. */
export function productsOn(
  catalog: Catalog,
  shelf: ShelfId,
  often: readonly TillProduct[] = [],
): readonly TillProduct[] {
  switch (shelf.is) {
    case 'often':
      return often;
    case 'all':
      return catalog.ordered;
    case 'category':
      return catalog.ordered.filter((product) => product.categoryId === shelf.id);
    case 'rest': {
      const known = new Set(catalog.categories.map(({ id }) => id));
      return catalog.ordered.filter(({ categoryId }) => categoryId === null || !known.has(categoryId));
    }
  }
}

/** A shelf as a text that can be kept. */
export function shelfKey(shelf: ShelfId): string {
  return shelf.is === 'category' ? `category ${shelf.id}` : shelf.is;
}

/** The inverse of shelfKey; everything where it is none. */
export function shelfOfKey(key: string): ShelfId {
  if (key.startsWith('category ')) return { is: 'category', id: key.slice('category '.length) };
  return [OFTEN, ALL, REST].find(({ is }) => is === key) ?? ALL;
}
