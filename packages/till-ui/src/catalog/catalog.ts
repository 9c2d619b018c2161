import type { ItemEvent } from '@tillcast/protocol/http/terminal-api';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import type { WireItem } from '@tillcast/protocol/messages/payload';
import {
  categoryOf,
  modifierOf,
  productOf,
  type TillCategory,
  type TillModifier,
  type TillProduct,
} from './items.ts';

/** What the page shows of the till's catalog. Never changed in place. */
export interface Catalog {
  readonly products: ReadonlyMap<string, TillProduct>;
  /** All products in the order in which they are shown: by their categories', those without one last. */
  readonly ordered: readonly TillProduct[];
  readonly categories: readonly TillCategory[];
  readonly modifiers: ReadonlyMap<string, TillModifier>;
}

export const EMPTY_CATALOG: Catalog = {
  products: new Map(),
  ordered: [],
  categories: [],
  modifiers: new Map(),
};

/** The kinds that this page reads. Tables and staff are shown as the counts of the till's state. */
export type ShownKind = Extract<ItemKind, 'category' | 'modifier' | 'product'>;

export type ShownItems = Readonly<Record<ShownKind, readonly WireItem[]>>;

export function catalogOf(items: ShownItems): Catalog {
  const products = new Map(items.product.map((item) => [item.id, productOf(item)] as const));
  const categories = inOrder(items.category.map(categoryOf));
  return {
    products,
    ordered: byCategory(products.values(), categories),
    categories,
    modifiers: new Map(items.modifier.map((item) => [item.id, modifierOf(item)] as const)),
  };
}

/** The catalog after the rows that changes touched. Rows that it does not show leave it as it is. */
export function withRows(catalog: Catalog, rows: readonly ItemEvent[]): Catalog {
  const products = new Map(catalog.products);
  const categories = new Map(catalog.categories.map((category) => [category.id, category] as const));
  const modifiers = new Map(catalog.modifiers);
  let moved = false;
  let productsTouched = false;
  let categoriesTouched = false;
  for (const { kind, id, item } of rows) {
    if (kind === 'product') {
      const before = products.get(id);
      const after = put(products, id, item === null ? null : productOf(item));
      moved ||= before === undefined || after === undefined || !isSamePlace(before, after);
      productsTouched = true;
    } else if (kind === 'category') {
      put(categories, id, item === null ? null : categoryOf(item));
      categoriesTouched = true;
    } else if (kind === 'modifier') put(modifiers, id, item === null ? null : modifierOf(item));
  }
  const after = categoriesTouched ? inOrder(categories.values()) : catalog.categories;
  // Sorting 10,000 names by their language takes some 50 ms: only when a change may have moved one.
  const ordered =
    moved || categoriesTouched
      ? byCategory(products.values(), after)
      : productsTouched
        ? catalog.ordered.map((product) => products.get(product.id) ?? product)
        : catalog.ordered;
  return { products, ordered, categories: after, modifiers };
}

function isSamePlace(a: TillProduct, b: TillProduct): boolean {
  return a.name === b.name && a.sortOrder === b.sortOrder && a.categoryId === b.categoryId;
}

function put<T>(map: Map<string, T>, id: string, value: T | null): T | undefined {
  if (value === null) {
    map.delete(id);
    return undefined;
  }
  map.set(id, value);
  return value;
}

interface Ordered {
  readonly id: string;
  readonly name: string;
  readonly sortOrder: number;
}

const collator = new Intl.Collator(undefined, { numeric: true });

function inOrder<T extends Ordered>(items: Iterable<T>): readonly T[] {
  return [...items].sort(compare);
}

function byCategory(
  products: Iterable<TillProduct>,
  categories: readonly TillCategory[],
): readonly TillProduct[] {
  const ranks = new Map(categories.map(({ id }, rank) => [id, rank] as const));
  const rankOf = ({ categoryId }: TillProduct): number =>
    (categoryId === null ? undefined : ranks.get(categoryId)) ?? categories.length;
  return [...products].sort((a, b) => rankOf(a) - rankOf(b) || compare(a, b));
}

function compare(a: Ordered, b: Ordered): number {
  return (
    a.sortOrder - b.sortOrder || collator.compare(a.name, b.name) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}
