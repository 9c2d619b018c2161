import { MINOR_UNITS } from '@tillcast/protocol/currencies';
import { TillcastError } from '@tillcast/protocol/errors';
import {
  currencySchema,
  isPrice,
  MAX_MINOR,
  minorDigitsOf,
  toDecimal,
  toDecimalText,
  toMinor,
} from '@tillcast/protocol/money';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const GBP = currencySchema.parse('GBP');
const JPY = currencySchema.parse('JPY');
const KWD = currencySchema.parse('KWD');

test('[M1] every amount of every currency survives the way to the wire, through JSON, and back', () => {
  const currency = fc.constantFrom(...MINOR_UNITS.keys()).map((code) => currencySchema.parse(code));
  fc.assert(
    fc.property(fc.integer({ min: -MAX_MINOR, max: MAX_MINOR }), currency, (minor, of) => {
      const wire: unknown = JSON.parse(JSON.stringify(toDecimal(minor, of)));
      expect(toMinor(Number(wire), of)).toBe(minor === 0 ? 0 : minor);
      expect(toMinor(toDecimalText(minor, of), of)).toBe(minor === 0 ? 0 : minor);
    }),
    { numRuns: 5_000 },
  );
});

test('[M1] [M2] a number is the amount that its decimal text is, or none where that is none', () => {
  const currency = fc.constantFrom(GBP, JPY, KWD);
  const near = fc
    .tuple(fc.integer({ min: -MAX_MINOR, max: MAX_MINOR }), fc.constantFrom(-1, 0, 1))
    .map(([minor, step]) => minor / 1_000 + (step * Number.EPSILON * Math.abs(minor)) / 1_000);
  const outcome = (amount: number | string, of: typeof GBP): unknown => {
    try {
      return toMinor(amount, of);
    } catch (error) {
      return error instanceof TillcastError ? error.message : error;
    }
  };
  fc.assert(
    fc.property(fc.oneof(near, fc.double()), currency, (amount, of) => {
      expect(outcome(amount, of)).toEqual(outcome(String(amount), of));
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  [12.99, GBP, 1299],
  [0.1, GBP, 10],
  ['2.95', GBP, 295],
  ['2.950', GBP, 295],
  [1299, JPY, 1299],
  [1.005, KWD, 1005],
  [9_999_999_999_999.99, GBP, MAX_MINOR],
] as const)('[M1] %s %s is %i minor units', (amount, currency, minor) => {
  expect(toMinor(amount, currency)).toBe(minor);
});

test.each([
  ['NaN', Number.NaN, GBP],
  ['infinite', Infinity, GBP],
  ['too precise for pounds', 1.005, GBP],
  ['too precise for yen', 0.5, JPY],
  ['so small that it prints with an exponent', 1e-7, GBP],
  ['beyond 2^53 minor units', 90_071_992_547_410, GBP],
  ['so large that it prints with an exponent', 1e21, GBP],
  ['hexadecimal', '0x10', GBP],
  ['with a decimal comma', '2,95', GBP],
  ['empty', '', GBP],
] as const)('[M2] an amount that is %s is refused', (_, amount, currency) => {
  expect(() => toMinor(amount, currency)).toThrow(TillcastError);
});

test('[M2] a price is not negative, and not minus zero', () => {
  expect(isPrice(-1, GBP)).toBe(false);
  expect(isPrice(-0, GBP)).toBe(false);
  expect(isPrice(0, GBP)).toBe(true);
});

test.each(['gbp', 'XXX', 'GB', '', '__proto__', 'DEM'])('[M3] %j is no currency', (code) => {
  expect(currencySchema.safeParse(code).success).toBe(false);
});

test('[M3] the digits are those of ISO 4217, not those of CLDR', () => {
  expect([GBP, JPY, KWD].map(minorDigitsOf)).toEqual([2, 0, 3]);
  expect(minorDigitsOf(currencySchema.parse('IQD'))).toBe(3);
});
