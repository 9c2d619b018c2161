import { expect, test } from 'vitest';
import { searchProducts, soleMatch } from '../src/catalog/search.ts';
import { product } from './fixtures.ts';

const PRODUCTS = [
  product('85123A', { name: 'WHITE HANGING HEART' }),
  product('CF-1', { name: 'Café crème', barcode: '5001234560000' }),
  product('CF-2', { name: 'Heart-shaped biscuit' }),
  product('CF-10', { name: 'Iced café' }),
];

function found(query: string): readonly string[] {
  return searchProducts(PRODUCTS, query).map(({ id }) => id);
}

test('a blank query finds everything, in the order given', () => {
  expect(found('  ')).toEqual(['85123A', 'CF-1', 'CF-2', 'CF-10']);
});

test('case and accents make no difference', () => {
  expect(found('CAFE')).toEqual(['CF-1', 'CF-10']);
  expect(found('creme')).toEqual(['CF-1']);
});

test('each word must be there, in any order and in any of name, SKU and barcode', () => {
  expect(found('heart white')).toEqual(['85123A']);
  expect(found('cf-1 iced')).toEqual(['CF-10']);
  expect(found('heart zzz')).toEqual([]);
});

test('an exact SKU or barcode comes first, then names that begin with the query', () => {
  expect(found('cf-1')).toEqual(['CF-1', 'CF-10']);
  expect(found('heart')).toEqual(['CF-2', '85123A']);
});

test('a match does not span the name and the SKU', () => {
  expect(found('cremecf')).toEqual([]);
});

test('Enter opens the product of a scanned code, or the only one found', () => {
  const sole = (query: string): string | undefined => soleMatch(searchProducts(PRODUCTS, query), query)?.id;
  expect(sole('5001234560000')).toBe('CF-1');
  expect(sole('CF-1')).toBe('CF-1');
  expect(sole('biscuit')).toBe('CF-2');
  expect(sole('cafe')).toBeUndefined();
  expect(sole('')).toBeUndefined();
  expect(sole('nothing')).toBeUndefined();
});

test('one barcode on two products opens neither', () => {
  const twins = [product('A', { barcode: '111' }), product('B', { barcode: '111' })];
  expect(soleMatch(searchProducts(twins, '111'), '111')).toBeNull();
});
