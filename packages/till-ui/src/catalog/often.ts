import type { TillProduct } from './items.ts';

/** As many as a screen shows without scrolling. */
const OFTEN_MAX = 20;

/** What of a sale says how often something is sold. */
interface Sold {
  readonly kind: 'sale' | 'refund';
  readonly lines: readonly { readonly product_id: string; readonly quantity: number }[];
}

/**
 * The products that are sold most by the sales that are known, in the catalog's order, so that a tile does not
 * move with every sale. Each sale counts once for a product, however many were in it.
 */
export function oftenSold(
  sales: readonly Sold[],
  products: ReadonlyMap<string, TillProduct>,
  ordered: readonly TillProduct[],
): readonly TillProduct[] {
  const counts = new Map<string, number>();
  for (const { kind, lines } of sales) {
    if (kind === 'refund') continue;
    for (const id of new Set(lines.map(({ product_id }) => product_id))) {
      if (products.has(id)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  const most = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, OFTEN_MAX);
  const chosen = new Set(most.map(([id]) => id));
  return chosen.size === 0 ? [] : ordered.filter(({ id }) => chosen.has(id));
}
