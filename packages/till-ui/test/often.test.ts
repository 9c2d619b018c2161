import { expect, test } from 'vitest';
import { oftenSold } from '../src/catalog/often.ts';
import { product, productsById } from './fixtures.ts';

const [a, b, c] = [product('a'), product('b'), product('c')];
const sold = (...ids: readonly string[]) => ({
  kind: 'sale' as const,
  lines: ids.map((product_id) => ({ product_id, quantity: 3 })),
});

test('what is sold in most sales comes first among the chosen, which stand in the order of the catalog', () => {
  const products = productsById(a, b, c);
  expect(oftenSold([sold('c', 'c'), sold('b', 'c')], products, [a, b, c])).toEqual([b, c]);
});

test('refunds do not count, nor what is no longer in the catalog', () => {
  const refund = { ...sold('a'), kind: 'refund' as const };
  expect(oftenSold([refund, sold('gone')], productsById(a), [a])).toEqual([]);
});
