import { TillcastError } from '@tillcast/protocol/errors';
import { type Currency, isCurrency, toDecimal, toMinor } from '@tillcast/protocol/money';

/** A usage error: exit code 2, and what to write instead. */
export function usageError(message: string, cause?: unknown): TillcastError {
  return new TillcastError('usage', message, cause === undefined ? {} : { cause });
}

/** A whole number from a flag. */
export function parseInteger(text: string, flag: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw usageError(`${flag} must be a whole number from ${min} to ${max}, and is ${quoted(text)}.`);
  }
  return value;
}

/** A TCP port from a flag. */
export function parsePort(text: string, flag: string): number {
  return parseInteger(text, flag, 1, 65_535);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration such as `90`, `90s`, `30m`, `24h` or `7d`, in seconds. */
export function parseDurationSeconds(text: string, flag: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  const seconds = Number(match?.[1]) * (UNIT_SECONDS[match?.[2] ?? ''] ?? Number.NaN);
  if (!(seconds >= 1)) {
    throw usageError(
      `${flag} must be a duration of at least a second, such as 90s, 30m, 24h or 7d, and is ${quoted(text)}.`,
    );
  }
  return seconds;
}

const PER_SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 };

/** A rate such as `2/s`, `90/min` or `0.5/s`, as a number a second. */
export function parseRate(text: string, flag: string): number {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)\/(s|min|h)$/.exec(text);
  const rate = Number(match?.[1]) / (PER_SECONDS[match?.[2] ?? ''] ?? Number.NaN);
  if (rate > 0) return rate;
  throw usageError(`${flag} must be a rate above 0, such as 2/s, 90/min or 500/h, and is ${quoted(text)}.`);
}

/** A share from a flag, such as `10%`: 0 to 1. */
export function parsePercent(text: string, flag: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,2})?)%?$/.exec(text);
  const share = Number(match?.[1]) / 100;
  if (share <= 1) return share;
  throw usageError(`${flag} must be 0% to 100%, and is ${quoted(text)}.`);
}

/** A currency code from a flag; undefined stays undefined. */
export function parseCurrency(text: string): Currency {
  if (isCurrency(text)) return text;
  const capital = text.toUpperCase();
  throw new TillcastError(
    'currency_unknown',
    `${quoted(text)} is not an ISO 4217 code in use${isCurrency(capital) ? `; did you mean ${capital}?` : ', such as GBP.'}`,
  );
}

// No currency has more than three decimal digits: what even this one refuses, every one does.
const FINEST = parseCurrency('KWD');

/**
 * A price from a flag as the wire's decimal number. Without a currency only what no currency allows is
 * refused; the server then checks it against the product's own.
 * @throws TillcastError `price_invalid`
 */
export function parsePrice(text: string, currency: Currency | undefined): number {
  if (!/^\d+(\.\d+)?$/.test(text)) {
    throw new TillcastError(
      'price_invalid',
      `${quoted(text)} is not a price: write a plain decimal number, such as 2.95.`,
    );
  }
  const scale = currency ?? FINEST;
  try {
    return toDecimal(toMinor(text, scale), scale);
  } catch (cause) {
    if (currency !== undefined || !(cause instanceof TillcastError)) throw cause;
    throw new TillcastError(
      'price_invalid',
      `${quoted(text)} is not a price: it is too large, or has more than the 3 decimal digits that any currency has.`,
      { cause },
    );
  }
}

export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
