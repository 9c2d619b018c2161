/**
 * An id made from a name: `Candles & T-lights` becomes `candles-t-lights`. Letters of all scripts are kept.
 * At most 64 characters; `other` where the name has neither letters nor digits.
 */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{Diacritic}/gu, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+/, '');
  return slug.slice(0, 64).replace(/[-\uD800-\uDBFF]+$/, '') || 'other';
}
