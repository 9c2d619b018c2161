import type { TillTable } from '../catalog/items.ts';
import type { OpenOrder } from '../counter/shapes.ts';

/** A table, and the order that is open at it. */
export interface TableView {
  readonly table: TillTable;
  readonly order: OpenOrder | null;
}

/** Every table of the catalog, and those that are gone from it but whose order is still open. */
export function tableViews(tables: readonly TillTable[], orders: readonly OpenOrder[]): readonly TableView[] {
  const open = new Map(
    orders.flatMap((order) => (order.table_id === null ? [] : [[order.table_id, order] as const])),
  );
  const known = new Set(tables.map(({ id }) => id));
  const gone = [...open.keys()].filter((id) => !known.has(id));
  return [
    ...tables.map((table) => ({ table, order: open.get(table.id) ?? null })),
    ...gone.map((id) => ({
      table: { id, name: id, area: null, seats: 0, sortOrder: 0 },
      order: open.get(id) ?? null,
    })),
  ];
}

export interface Area {
  readonly area: string | null;
  readonly views: readonly TableView[];
}

/** Tables by their areas, in the order in which the areas first come. */
export function areasOf(views: readonly TableView[]): readonly Area[] {
  return [...Map.groupBy(views, ({ table }) => table.area)].map(([area, inIt]) => ({ area, views: inIt }));
}
