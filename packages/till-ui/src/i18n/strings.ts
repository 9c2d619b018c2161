import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { en, type Strings } from './en.ts';
import { locale } from './locale.ts';

export type { Strings } from './en.ts';

/** A language that the page speaks. `en-XA` is English made strange, to find words that are in no catalog. */
export type LanguageCode = 'en' | 'ar' | 'en-XA';

export interface Language {
  readonly code: LanguageCode;
  /** In its own words. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
}

/** What a person may choose from. */
export const LANGUAGES: readonly Language[] = [
  { code: 'en', name: 'English', direction: 'ltr' },
  { code: 'ar', name: 'العربية', direction: 'rtl' },
];

const PSEUDO: Language = { code: 'en-XA', name: 'Pseudo', direction: 'ltr' };
const [ENGLISH = PSEUDO] = LANGUAGES;

const catalog: Signal<Strings> = signal(en);
const current: Signal<Language> = signal(ENGLISH);

/** The language that is spoken now. */
export const language: ReadonlySignal<Language> = current;

/**
 * The words of the language that is spoken now. A component that reads them is drawn again when the language
 * changes; so none may keep a part of them outside of its function.
 */
export const strings: Strings = new Proxy(en, {
  get: (_target, section, receiver): unknown => Reflect.get(catalog.value, section, receiver),
});

/** The first of the wished languages (BCP 47) that the page speaks; English when there is none. */
export function languageFor(wished: readonly string[]): Language {
  for (const wish of wished) {
    const [family] = wish.toLowerCase().split('-');
    const found = [PSEUDO, ...LANGUAGES].find(({ code }) => code.toLowerCase() === wish.toLowerCase());
    const near = found ?? LANGUAGES.find(({ code }) => code === family);
    if (near !== undefined) return near;
  }
  return ENGLISH;
}

/**
 * Speaks a language from now on. Numbers and dates are written as the wished locale of that language has them.
 * @param wished the browser's languages, best first
 */
export async function speak(next: Language, wished: readonly string[] = []): Promise<void> {
  const words = await wordsOf(next.code);
  const family = next.code.split('-')[0] ?? next.code;
  catalog.value = words;
  current.value = next;
  locale.value = wished.find((wish) => wish.split('-')[0] === family) ?? family;
}

async function wordsOf(code: LanguageCode): Promise<Strings> {
  switch (code) {
    case 'en':
      return en;
    case 'ar':
      return (await import('./ar.ts')).ar;
    case 'en-XA':
      return (await import('./pseudo.ts')).pseudo;
  }
}
