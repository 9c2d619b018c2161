import { en, type Strings } from './en.ts';

const STRANGE: Readonly<Record<string, string>> = {
  a: 'á',
  b: 'ƀ',
  c: 'ç',
  d: 'ð',
  e: 'é',
  f: 'ƒ',
  g: 'ĝ',
  h: 'ĥ',
  i: 'í',
  j: 'ĵ',
  k: 'ķ',
  l: 'ļ',
  m: 'ɱ',
  n: 'ñ',
  o: 'ó',
  p: 'þ',
  q: 'ǫ',
  r: 'ŕ',
  s: 'š',
  t: 'ţ',
  u: 'ú',
  v: 'ṽ',
  w: 'ŵ',
  x: 'ẋ',
  y: 'ý',
  z: 'ž',
};

/** A text with its letters made strange, a third longer, in brackets: what is cut off or unmarked is seen. */
export function pseudoText(text: string): string {
  const strange = Array.from(text, (letter) => STRANGE[letter] ?? letter).join('');
  return `⟦${strange}${'~'.repeat(Math.ceil(text.length / 3))}⟧`;
}

/** All of a catalog, made strange: texts, what functions answer, and what stands further in. */
function strangeOf(value: unknown): unknown {
  if (typeof value === 'string') return pseudoText(value);
  if (typeof value === 'function') {
    return (...given: readonly unknown[]): unknown => strangeOf(Reflect.apply(value, undefined, given));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, strangeOf(part)]));
  }
  return value;
}

function isStrings(value: unknown): value is Strings {
  return typeof value === 'object' && value !== null && Object.keys(en).every((key) => key in value);
}

function made(): Strings {
  const strange = strangeOf(en);
  if (isStrings(strange)) return strange;
  throw new TypeError('The pseudo-language lost a part of the catalog.');
}

export const pseudo: Strings = made();
