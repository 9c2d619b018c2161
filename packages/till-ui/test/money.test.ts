import { expect, test } from 'vitest';
import { formatDifference, formatMoney } from '../src/format/money.ts';

test.each([
  [3.6, 'GBP', '£3.60'],
  [1_295, 'GBP', '£1,295.00'],
  [350, 'JPY', '¥350'],
  [0.4, 'EUR', '€0.40'],
])('%d %s reads %s', (amount, currency, text) => {
  expect(formatMoney(amount, currency, 'en-GB')).toBe(text);
});

test('the digits are those of ISO 4217, also where Intl has others', () => {
  expect(formatMoney(1.5, 'IQD', 'en-GB')).toMatch(/1\.500$/);
  expect(formatMoney(1.234, 'KWD', 'en-GB')).toMatch(/1\.234$/);
});

test('a difference carries its sign', () => {
  expect(formatDifference(0.4, 'GBP', 'en-GB')).toBe('+£0.40');
  expect(formatDifference(-0.3, 'GBP', 'en-GB')).toBe('-£0.30');
});

test('a currency that is none is written as it came, and breaks nothing', () => {
  expect(formatMoney(3.6, 'pounds', 'en-GB')).toBe('3.6 pounds');
  expect(formatMoney(3.6, '', 'en-GB')).toBe('3.6');
});
