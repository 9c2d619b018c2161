const PLAIN = /^[\n\x20-\x7e]*$/;

/** Folded for comparison: no accents, no case. `Café` and `CAFE` are the same. */
export function fold(text: string): string {
  // Most names and all codes: 10,000 of them are folded before the first tile is drawn.
  if (PLAIN.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

const SEPARATOR = '\n';

/** What a search looks into: each part on a line of its own, so that no match spans two. */
export function searchTextOf(name: string, sku: string, barcode: string | null): string {
  const text = `${name}${SEPARATOR}${sku}`;
  return fold(barcode === null ? text : `${text}${SEPARATOR}${barcode}`);
}
