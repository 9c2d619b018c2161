import { z } from 'zod';
import { MINOR_UNITS } from './currencies.ts';
import { TillcastError } from './errors.ts';

/** An ISO 4217 code that is in use today. */
export type Currency = string & { readonly __brand: 'Currency' };

export function isCurrency(value: unknown): value is Currency {
  return typeof value === 'string' && MINOR_UNITS.has(value);
}

export const currencySchema: z.ZodType<Currency, string> = z
  .string()
  .refine(isCurrency, 'must be an ISO 4217 code in use, for example GBP')
  .transform((code) => code as Currency)
  .meta({ description: 'ISO 4217 currency code', example: 'GBP' });

/** How many decimal digits a currency has: 2 for GBP, 0 for JPY, 3 for KWD. */
export function minorDigitsOf(currency: Currency): number {
  const digits = MINOR_UNITS.get(currency);
  if (digits === undefined)
    throw new TillcastError('currency_unknown', `${currency} is not an ISO 4217 code in use.`);
  return digits;
}

/**
 * The largest amount, in minor units. A JSON number keeps 15 significant digits whatever they are; between
 * 10^15 and 2^53 minor units two neighbouring amounts with decimals may be the same number on the wire.
 */
export const MAX_MINOR = 999_999_999_999_999;

/**
 * A decimal amount as integer minor units, exactly: `12.99` GBP is 1299.
 * @param amount a number as JSON carries it, or its plain decimal text
 * @throws TillcastError `price_invalid` when not finite, beyond MAX_MINOR, or with more digits than the currency has
 */
export function toMinor(amount: number | string, currency: Currency): number {
  const digits = minorDigitsOf(currency);
  if (typeof amount === 'number') {
    // A quotient of two whole numbers is rounded to the nearest double, as the decimal text of it is: equal doubles are one amount.
    const minor = Math.round(amount * 10 ** digits);
    if (minor / 10 ** digits === amount && Math.abs(minor) <= MAX_MINOR) return minor === 0 ? 0 : minor;
  }
  const text = typeof amount === 'number' ? String(amount) : amount.trim();
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw invalid(text, currency, 'is not a plain decimal number');
  const [, sign, whole = '', fraction = ''] = match;
  if (fraction.length > digits && /[1-9]/.test(fraction.slice(digits))) {
    throw invalid(text, currency, `has more than the ${digits} decimal digits of the currency`);
  }
  const minor = Number(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  if (minor > MAX_MINOR) throw invalid(text, currency, `is beyond ${MAX_MINOR} minor units`);
  return sign === '-' && minor !== 0 ? -minor : minor;
}

/** Integer minor units as the decimal number of the wire: 1299 GBP is `12.99`. The inverse of toMinor. */
export function toDecimal(minor: number, currency: Currency): number {
  const digits = minorDigitsOf(currency);
  return minor / 10 ** digits;
}

/** Integer minor units as plain text with all the currency's digits: 360 GBP is `3.60`. */
export function toDecimalText(minor: number, currency: Currency): string {
  return toDecimal(minor, currency).toFixed(minorDigitsOf(currency));
}

/** A price as an item carries it: not negative, no more digits than the currency has. */
export function isPrice(amount: number, currency: Currency): boolean {
  return !Object.is(amount, -0) && amount >= 0 && isAmount(amount, currency);
}

/** An amount that may be negative, such as a modifier option's price difference. */
export function isAmount(amount: number, currency: Currency): boolean {
  try {
    toMinor(amount, currency);
    return true;
  } catch (error) {
    // An unknown currency makes no amount valid; its own schema reports it.
    if (error instanceof TillcastError) return false;
    throw error;
  }
}

function invalid(text: string, currency: Currency, why: string): TillcastError {
  return new TillcastError('price_invalid', `Price ${text.slice(0, 40)} ${currency} ${why}.`);
}
