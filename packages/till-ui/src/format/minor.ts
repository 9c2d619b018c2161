import { MINOR_UNITS } from '@tillcast/protocol/currencies';

/** How many decimal digits a currency has; 2 for one that is not known. */
export function digitsOf(currency: string): number {
  return MINOR_UNITS.get(currency) ?? 2;
}

/** An amount of the wire in integer minor units: sums of these are exact. */
export function minorOf(amount: number, currency: string): number {
  return Math.round(amount * 10 ** digitsOf(currency));
}

/** Integer minor units as the decimal number of the wire. The inverse of minorOf. */
export function amountOf(minor: number, currency: string): number {
  return Number(`${minor}e-${digitsOf(currency)}`);
}
