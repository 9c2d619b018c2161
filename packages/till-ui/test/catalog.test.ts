import fc from 'fast-check';
import { expect, test } from 'vitest';
import { catalogOf, EMPTY_CATALOG, withRows } from '../src/catalog/catalog.ts';
import { categoryOf, modifierOf, productOf } from '../src/catalog/items.ts';
import { ALL, productsOn, REST, shelfOrAll, shelvesOf } from '../src/catalog/shelves.ts';

const items = {
  category: [
    { id: 'tea', name: 'Tea', sort_order: 2 },
    { id: 'coffee', name: 'Coffee', color: '#0B6B63', sort_order: 1 },
  ],
  table: [],
  user: [],
  modifier: [{ id: 'milk', name: 'Milk', options: [{ id: 'oat', name: 'Oat', price_delta: 0.4 }] }],
  product: [
    { id: 'p2', name: 'Cappuccino', price: 3.4, currency: 'GBP', category_id: 'coffee' },
    { id: 'p10', name: 'Americano', price: 2.8, currency: 'GBP', category_id: 'coffee' },
    { id: 'p3', name: 'Gift card', price: 10, currency: 'GBP', category_id: 'gone' },
  ],
};
const catalog = catalogOf(items);
const names = (products: readonly { readonly name: string }[]): readonly string[] =>
  products.map(({ name }) => name);

test('products and categories stand by sort order, then name', () => {
  expect(names(catalog.ordered)).toEqual(['Americano', 'Cappuccino', 'Gift card']);
  expect(names(catalog.categories)).toEqual(['Coffee', 'Tea']);
});

test('all products stand by their categories, and move when a product or a category does', () => {
  const moved = withRows(catalog, [
    { kind: 'product', id: 'p10', item: { ...items.product[1], id: 'p10', category_id: 'tea' } },
  ]);
  expect(names(moved.ordered)).toEqual(['Cappuccino', 'Americano', 'Gift card']);
  const swapped = withRows(moved, [
    { kind: 'category', id: 'tea', item: { id: 'tea', name: 'Tea', sort_order: 0 } },
  ]);
  expect(names(swapped.ordered)).toEqual(['Americano', 'Cappuccino', 'Gift card']);
});

test('fields that are missing or of another shape take their defaults', () => {
  expect(productOf({ id: 'x', price: '3', modifier_ids: 'milk' })).toMatchObject({
    name: 'x',
    price: null,
    currency: '',
    available: true,
    modifierIds: [],
  });
  expect(categoryOf({ id: 'x', color: 'url(evil)' }).color).toBeNull();
  expect(modifierOf({ id: 'x', options: [null, {}, { id: 'a' }] }).options).toEqual([
    { id: 'a', name: 'a', priceDelta: 0 },
  ]);
});

test('rows put, change and delete products, categories and modifiers', () => {
  const after = withRows(catalog, [
    { kind: 'product', id: 'p2', item: { id: 'p2', name: 'Cappuccino', price: 3.6, currency: 'GBP' } },
    { kind: 'product', id: 'p3', item: null },
    { kind: 'product', id: 'p4', item: { id: 'p4', name: 'Brownie', price: 3, currency: 'GBP' } },
    { kind: 'category', id: 'tea', item: null },
    { kind: 'modifier', id: 'milk', item: null },
    { kind: 'user', id: 'u1', item: null },
  ]);
  expect(names(after.ordered)).toEqual(['Americano', 'Brownie', 'Cappuccino']);
  expect(after.products.get('p2')?.price).toBe(3.6);
  expect(names(after.categories)).toEqual(['Coffee']);
  expect(after.modifiers.size).toBe(0);
  expect(names(catalog.ordered)).toEqual(['Americano', 'Cappuccino', 'Gift card']);
});

const productRow = fc.record({
  kind: fc.constant('product' as const),
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  name: fc.constantFrom('Apple', 'Bun', 'Cake'),
  price: fc.integer({ min: 0, max: 9 }),
  deleted: fc.boolean(),
});

test('rows one after another lead to what a fresh read of their outcome shows', () => {
  fc.assert(
    fc.property(fc.array(productRow, { maxLength: 20 }), (rows) => {
      const events = rows.map(({ kind, id, name, price, deleted }) => {
        return { kind, id, item: deleted ? null : { id, name, price, currency: 'GBP' } };
      });
      const stepwise = events.reduce((before, event) => withRows(before, [event]), EMPTY_CATALOG);
      const last = new Map(events.map((event) => [event.id, event.item] as const));
      const live = [...last.values()].filter((item) => item !== null);
      expect(stepwise.ordered).toEqual(
        catalogOf({ category: [], modifier: [], product: live, table: [], user: [] }).ordered,
      );
      expect(withRows(EMPTY_CATALOG, events).ordered).toEqual(stepwise.ordered);
    }),
  );
});

test('the shelves are everything, each category, and the rest where there is any', () => {
  const shelves = shelvesOf(catalog);
  expect(shelves.map(({ id, count }) => [id.is === 'category' ? id.id : id.is, count])).toEqual([
    ['all', 3],
    ['coffee', 2],
    ['tea', 0],
    ['rest', 1],
  ]);
  expect(names(productsOn(catalog, REST))).toEqual(['Gift card']);
  expect(names(productsOn(catalog, { is: 'category', id: 'coffee' }))).toEqual(['Americano', 'Cappuccino']);
  expect(shelvesOf(EMPTY_CATALOG)).toHaveLength(1);
});

test('a shelf that is no longer there gives way to everything', () => {
  expect(shelfOrAll(shelvesOf(catalog), { is: 'category', id: 'gone' })).toEqual(ALL);
  expect(shelfOrAll(shelvesOf(catalog), { is: 'category', id: 'tea' })).toEqual({
    is: 'category',
    id: 'tea',
  });
});
