import { MINOR_UNITS } from '@tillcast/protocol/currencies';
import { locale } from '../i18n/locale.ts';

const formatters = new Map<string, Intl.NumberFormat | null>();

/**
 * An amount as the wire carries it, as people write it: 3.6 GBP is `£3.60`. A currency that Intl cannot
 * take is written after the number.
 * @param language BCP 47; the page's own when left out
 */
export function formatMoney(amount: number, currency: string, language?: string): string {
  return format(amount, currency, language ?? locale.value, 'auto');
}

/** An amount with its sign, for what is added to a price: `+£0.40`, `-£0.20`, `£0.00`. */
export function formatDifference(amount: number, currency: string, language?: string): string {
  return format(amount, currency, language ?? locale.value, 'exceptZero');
}

function format(
  amount: number,
  currency: string,
  language: string | undefined,
  signDisplay: 'auto' | 'exceptZero',
): string {
  const key = `${language ?? ''} ${currency} ${signDisplay}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = formatterOf(currency, language, signDisplay);
    formatters.set(key, formatter);
  }
  return formatter === null ? `${amount} ${currency}`.trim() : formatter.format(amount);
}

function formatterOf(
  currency: string,
  language: string | undefined,
  signDisplay: 'auto' | 'exceptZero',
): Intl.NumberFormat | null {
  // Intl refuses what is not three letters; and its digits are CLDR's, which differ from ISO 4217's for some.
  if (!/^[A-Z]{3}$/.test(currency)) return null;
  const digits = MINOR_UNITS.get(currency);
  return new Intl.NumberFormat(language, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    signDisplay,
    ...(digits === undefined ? {} : { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  });
}
