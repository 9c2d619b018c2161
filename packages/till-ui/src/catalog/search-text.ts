/** Folded for comparison: no accents, no case. `Café` and `CAFE` are the same. */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

const SEPARATOR = '\n';

/** What a search looks into: each part on a line of its own, so that no match spans two. */
export function searchTextOf(name: string, sku: string, barcode: string | null): string {
  const parts = barcode === null ? [name, sku] : [name, sku, barcode];
  return parts.map(fold).join(SEPARATOR);
}
