import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decimalIn } from '../src/cart/decimal.ts';
import { amountOf, minorOf } from '../src/format/minor.ts';
import { afterKey, enteredMinor, likelyCash } from '../src/pay/cash.ts';

test('what people hand over is the sum rounded up to coins and notes', () => {
  expect(likelyCash(400, 2)).toEqual([500, 1000, 2000]);
  expect(likelyCash(1098, 2)).toEqual([1100, 1500, 2000]);
  expect(likelyCash(2000, 2)).toEqual([5000, 10000, 20000]);
  expect(likelyCash(37, 0)).toEqual([40, 50, 100]);
});

test('each likely amount is more than the sum, and they ascend', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000_00 }), fc.constantFrom(0, 2, 3), (total, digits) => {
      const likely = likelyCash(total, digits);
      expect(likely.length).toBeLessThanOrEqual(3);
      for (const [index, amount] of likely.entries())
        expect(amount).toBeGreaterThan(likely[index - 1] ?? total);
    }),
  );
});

test('digits are entered from the smallest unit on, and noughts before them mean nothing', () => {
  const keys = ['0', '1', '2', '5', '00', 'back'];
  expect(keys.reduce(afterKey, '')).toBe('1250');
  expect(enteredMinor('1250')).toBe(1250);
  expect(enteredMinor(afterKey('1250', 'clear'))).toBeNull();
  expect(afterKey('123456789', '1')).toBe('123456789');
});

test('an amount is read with a comma or a dot, in Latin or Arabic digits, with no more decimals than there are', () => {
  expect(decimalIn('1,50', 2)).toBe(1.5);
  expect(decimalIn(' 2.5 ', 2)).toBe(2.5);
  expect(decimalIn('٣٫٢٥', 2)).toBe(3.25);
  expect(decimalIn('1.255', 2)).toBeNull();
  expect(decimalIn('1.5', 0)).toBeNull();
  expect(decimalIn('-1', 2)).toBeNull();
  expect(decimalIn('', 2)).toBeNull();
});

test('amounts and minor units are each other’s inverse', () => {
  const currency = fc.constantFrom('GBP', 'JPY', 'KWD');
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), currency, (minor, code) => {
      expect(minorOf(amountOf(minor, code), code)).toBe(minor);
    }),
  );
});
