import { locale } from './locale.ts';

const formats = new Map<string, Intl.NumberFormat>();
const rules = new Map<string, Intl.PluralRules>();

/** A number as people of the page's language write it. */
export function formatNumber(value: number, options: Intl.NumberFormatOptions = {}): string {
  const key = `${locale.value ?? ''} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale.value, options);
    formats.set(key, format);
  }
  return format.format(value);
}

/** A percentage of the wire, where 20 is a fifth: `20%`, with no more digits than it has. */
export function formatPercent(percent: number): string {
  return formatNumber(percent / 100, { style: 'percent', maximumFractionDigits: 5 });
}

/** An amount of data: `3.4 MB`. */
export function formatMegabytes(bytes: number): string {
  return formatNumber(bytes / 1e6, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 });
}

/** What differs by number in a language; `other` is every number that has no word of its own. */
export interface Forms {
  readonly zero?: string;
  readonly one?: string;
  readonly two?: string;
  readonly few?: string;
  readonly many?: string;
  readonly other: string;
}

/** The form for a number, with `#` replaced by it. @param language whose rules hold, BCP 47 */
export function plural(language: string, count: number, forms: Forms): string {
  let rule = rules.get(language);
  if (rule === undefined) {
    rule = new Intl.PluralRules(language);
    rules.set(language, rule);
  }
  return (forms[rule.select(count)] ?? forms.other).replace('#', formatNumber(count));
}
