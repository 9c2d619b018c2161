import type { TillProduct } from './items.ts';
import { fold } from './search-text.ts';

/**
 * The products that hold every word of the query in name, SKU or barcode, in the given order but best first:
 * the exact SKU or barcode, then names that begin with the query, then the rest. A blank query finds all.
 */
export function searchProducts(products: readonly TillProduct[], query: string): readonly TillProduct[] {
  const folded = fold(query).trim();
  if (folded === '') return products;
  const words = folded.split(/\s+/u);
  const exact: TillProduct[] = [];
  const starting: TillProduct[] = [];
  const rest: TillProduct[] = [];
  for (const product of products) {
    const text = product.searchText;
    if (!words.every((word) => text.includes(word))) continue;
    if (isCode(product, folded)) exact.push(product);
    else if (text.startsWith(folded)) starting.push(product);
    else rest.push(product);
  }
  return [...exact, ...starting, ...rest];
}

/**
 * The one product that the Enter key opens, as a scanner ends its code with: the product with exactly this
 * barcode or SKU, or the only one found. Null when there is no single answer.
 */
export function soleMatch(found: readonly TillProduct[], query: string): TillProduct | null {
  const folded = fold(query).trim();
  const [first, second] = found;
  if (folded === '' || first === undefined) return null;
  if (second === undefined) return first;
  return isCode(first, folded) && !isCode(second, folded) ? first : null;
}

function isCode(product: TillProduct, folded: string): boolean {
  return fold(product.id) === folded || (product.barcode !== null && fold(product.barcode) === folded);
}
