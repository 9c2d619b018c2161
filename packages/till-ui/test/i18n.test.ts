import { afterEach, expect, test } from 'vitest';
import { formatMoney } from '../src/format/money.ts';
import { ar } from '../src/i18n/ar.ts';
import { en } from '../src/i18n/en.ts';
import { plural } from '../src/i18n/numbers.ts';
import { pseudo, pseudoText } from '../src/i18n/pseudo.ts';
import { LANGUAGES, language, languageFor, speak, strings } from '../src/i18n/strings.ts';

afterEach(() => speak(languageFor(['en'])));

/** Every text of a catalog by its place; a function by what it answers to small numbers. */
function texts(value: unknown, place = ''): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[place, value]];
  if (typeof value === 'function') {
    return [1, 2, 3, 11, 100].flatMap((count) =>
      texts(Reflect.apply(value, undefined, [count, count, count]), `${place}(${count})`),
    );
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => texts(part, `${place}.${key}`));
}

/** What is written alike in both. */
const ALIKE = /^\.(discount\.off|cart\.quantity|detail\.taxPercent|search\.heading)/;

test('[T40] every text of the page is in Arabic, in Arabic letters, and none is English', () => {
  const english = new Map(texts(en));
  const arabic = texts(ar).filter(([place]) => !ALIKE.test(place));
  expect(arabic.filter(([, text]) => !/\p{Script=Arabic}/u.test(text))).toEqual([]);
  expect(arabic.filter(([place, text]) => english.get(place) === text)).toEqual([]);
  expect(texts(ar).length).toBe(texts(en).length);
});

test('the pseudo-language marks every text', () => {
  expect(texts(pseudo).filter(([, text]) => text !== '' && !text.startsWith('⟦'))).toEqual([]);
  expect(pseudoText('Pay')).toBe('⟦Páý~⟧');
});

test('numbers take the form that their language has for them', () => {
  expect([1, 2, 3, 11, 100].map((count) => ar.counts.item(count))).toEqual([
    'صنف واحد',
    'صنفان',
    '3 أصناف',
    '11 صنفًا',
    '100 صنف',
  ]);
  expect(plural('en', 1, { one: '# sale', other: '# sales' })).toBe('1 sale');
});

test('the first wished language that the page speaks is taken, else English', () => {
  expect(languageFor(['fr-FR', 'ar-EG', 'en']).code).toBe('ar');
  expect(languageFor(['en-XA']).code).toBe('en-XA');
  expect(languageFor(['fr']).code).toBe('en');
  expect(LANGUAGES.map(({ direction }) => direction)).toEqual(['ltr', 'rtl']);
});

test('[T40] why a till is not live is told in Arabic too, and in the till’s words where the page knows none', () => {
  expect(ar.status.reason('license_suspended', 'The license is suspended.')).toMatch(/\p{Script=Arabic}/u);
  expect(ar.status.reason('of_a_newer_till', 'Something new.')).toBe('Something new.');
  expect(en.status.reason('license_suspended', 'The license is suspended.')).toBe(
    'The license is suspended.',
  );
});

test('[T40] words, and money as its country writes it, change with the language', async () => {
  await speak(languageFor(['ar']), ['ar-EG']);
  expect(strings.cart.pay).toBe(ar.cart.pay);
  expect(language.value.direction).toBe('rtl');
  expect(formatMoney(3.6, 'EGP')).toContain('٣');
  await speak(languageFor(['en']), ['en-GB']);
  expect(strings.cart.pay).toBe('Pay');
  expect(formatMoney(3.6, 'GBP')).toBe('£3.60');
});
