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
  type TillTable,
  type TillUser,
  tableOf,
  userOf,
} from './items.ts';
import { LayeredMap } from './layered-map.ts';

/** What the page shows of the till's catalog. Never changed in place. */
export interface Catalog {
  readonly products: LayeredMap<TillProduct>;
  /** All products in the order in which they are shown: by their categories', those without one last. */
  readonly ordered: readonly TillProduct[];
  readonly categories: readonly TillCategory[];
  readonly modifiers: ReadonlyMap<string, TillModifier>;
  readonly tables: readonly TillTable[];
  /** Those who may sign in, by name. */
  readonly users: readonly TillUser[];
}

export const EMPTY_CATALOG: Catalog = {
  products: LayeredMap.of<TillProduct>(new Map()),
  ordered: [],
  categories: [],
  modifiers: new Map(),
  tables: [],
  users: [],
};

export type ShownItems = Readonly<Record<ItemKind, readonly WireItem[]>>;

export function catalogOf(items: ShownItems): Catalog {
  const read = items.product.map(productOf);
  const products = LayeredMap.of(new Map(read.map((product) => [product.id, product] as const)));
  const categories = inOrder(items.category.map(categoryOf));
  return {
    products,
    ordered: byCategory(read, categories),
    categories,
    modifiers: new Map(items.modifier.map((item) => [item.id, modifierOf(item)] as const)),
    tables: inOrder(items.table.map(tableOf)),
    users: inOrder(items.user.flatMap((item) => userOf(item) ?? [])),
  };
}

/** The catalog after the rows that changes touched. Kinds that no row is of stay as they are. */
export function withRows(catalog: Catalog, rows: readonly ItemEvent[]): Catalog {
  const of = (kind: ItemKind): readonly ItemEvent[] => rows.filter((row) => row.kind === kind);
  const categories = afterRows(catalog.categories, of('category'), categoryOf);
  const modifiers = new Map(catalog.modifiers);
  for (const { id, item } of of('modifier')) put(modifiers, id, item === null ? null : modifierOf(item));
  return {
    ...productsAfter(catalog, of('product'), categories),
    categories,
    modifiers,
    tables: afterRows(catalog.tables, of('table'), tableOf),
    users: afterRows(catalog.users, of('user'), userOf),
  };
}

function productsAfter(
  catalog: Catalog,
  rows: readonly ItemEvent[],
  categories: readonly TillCategory[],
): Pick<Catalog, 'products' | 'ordered'> {
  let moved = categories !== catalog.categories;
  const changed = new Map<string, TillProduct | null>();
  for (const { id, item } of rows) changed.set(id, item === null ? null : productOf(item));
  for (const [id, after] of changed) {
    const before = catalog.products.get(id);
    moved ||= before === undefined || after === null || !isSamePlace(before, after);
  }
  const products = catalog.products.with(changed);
  // Sorting 10,000 names by their language takes some 50 ms: only when a change may have moved one.
  if (moved) return { products, ordered: byCategory(products.values(), categories) };
  if (rows.length === 0) return { products: catalog.products, ordered: catalog.ordered };
  return { products, ordered: catalog.ordered.map((product) => changed.get(product.id) ?? product) };
}

/** A short list after changes; the same list when none is for it. */
function afterRows<T extends Ordered>(
  list: readonly T[],
  rows: readonly ItemEvent[],
  read: (item: WireItem) => T | null,
): readonly T[] {
  if (rows.length === 0) return list;
  const byId = new Map(list.map((each) => [each.id, each] as const));
  for (const { id, item } of rows) put(byId, id, item === null ? null : read(item));
  return inOrder(byId.values());
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
  const shelves = new Map<string | null, TillProduct[]>(categories.map(({ id }) => [id, []] as const));
  const rest: TillProduct[] = [];
  for (const product of products) (shelves.get(product.categoryId) ?? rest).push(product);
  // Names are compared by their language, which is most of what opening a page costs: so only those that stand together.
  return [...shelves.values(), rest].flatMap((shelf) => shelf.sort(compare));
}

function compare(a: Ordered, b: Ordered): number {
  return (
    a.sortOrder - b.sortOrder || collator.compare(a.name, b.name) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}
