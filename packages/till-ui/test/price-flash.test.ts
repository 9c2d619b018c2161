import { expect, test } from 'vitest';
import {
  currentFlashes,
  flashesAfter,
  NO_FLASHES,
  nextFlashEndMs,
  PRICE_FLASH_MS,
} from '../src/catalog/price-flash.ts';
import { product, productsById } from './fixtures.ts';

const before = productsById(product('a', { price: 3.4 }), product('b', { price: 2 }));

test('a changed price flashes with its old price, an unchanged one does not', () => {
  const after = productsById(product('a', { price: 3.6 }), product('b', { price: 2, name: 'Bun' }));
  const flashes = flashesAfter(NO_FLASHES, before, after, 100);
  expect([...flashes.values()]).toEqual([{ productId: 'a', oldPrice: 3.4, oldCurrency: 'GBP', atMs: 100 }]);
});

test('the same amount in another currency is a changed price', () => {
  const after = productsById(product('b', { price: 2, currency: 'EUR' }));
  expect(flashesAfter(NO_FLASHES, before, after, 100).get('b')?.oldCurrency).toBe('GBP');
});

test('a product that is new does not flash, and one that is deleted stops', () => {
  const added = productsById(...before.values(), product('c', { price: 9 }));
  expect(flashesAfter(NO_FLASHES, before, added, 100).size).toBe(0);
  const changed = productsById(product('a', { price: 3.6 }));
  const flashes = flashesAfter(NO_FLASHES, before, changed, 100);
  expect(flashesAfter(flashes, changed, new Map(), 200, ['a']).size).toBe(0);
});

test('a second change flashes anew, from the price in between', () => {
  const second = productsById(product('a', { price: 3.6 }));
  const third = productsById(product('a', { price: 3.8 }));
  const flashes = flashesAfter(flashesAfter(NO_FLASHES, before, second, 100), second, third, 900);
  expect(flashes.get('a')).toMatchObject({ oldPrice: 3.6, atMs: 900 });
});

test('only the products named are looked at', () => {
  const after = productsById(product('a', { price: 9 }), product('b', { price: 9 }));
  expect([...flashesAfter(NO_FLASHES, before, after, 100, ['b']).keys()]).toEqual(['b']);
});

test('a flash ends by itself, and until then the map stays the same', () => {
  const after = productsById(product('a', { price: 3.6 }));
  const flashes = flashesAfter(NO_FLASHES, before, after, 100);
  expect(nextFlashEndMs(NO_FLASHES)).toBeNull();
  expect(nextFlashEndMs(flashes)).toBe(100 + PRICE_FLASH_MS);
  expect(currentFlashes(flashes, 99 + PRICE_FLASH_MS)).toBe(flashes);
  expect(currentFlashes(flashes, 100 + PRICE_FLASH_MS).size).toBe(0);
});
