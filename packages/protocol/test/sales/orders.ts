import fc from 'fast-check';
import { type Modifier, modifierSchema } from '../../src/items/modifier.ts';
import { type Product, productSchema } from '../../src/items/product.ts';
import { toDecimal } from '../../src/money.ts';
import { checkout, type SaleContext } from '../../src/sales/checkout.ts';
import { emptyOrder, type Order } from '../../src/sales/order.ts';
import { editOrder, type OrderEdit, type SaleCatalog } from '../../src/sales/order-edits.ts';
import { reckon } from '../../src/sales/reckoning.ts';
import type { Sale } from '../../src/sales/sale.ts';
import { runName, saleIdOf } from '../../src/sales/sale-id.ts';

/** Groups and products of one currency, by the digits of which prices are cut. */
export const MILK: Modifier = modifierSchema.parse({
  id: 'MILK',
  name: 'Milk',
  currency: 'GBP',
  min_choices: 1,
  options: [
    { id: 'COW', name: 'Cow’s' },
    { id: 'OAT', name: 'Oat', price_delta: 0.4 },
  ],
});

export const SYRUP: Modifier = modifierSchema.parse({
  id: 'SYRUP',
  name: 'Syrup',
  currency: 'GBP',
  max_choices: 2,
  options: [
    { id: 'NUT', name: 'Hazelnut', price_delta: 0.55 },
    { id: 'VAN', name: 'Vanilla', price_delta: 0.55 },
    { id: 'OWN', name: 'Own cup', price_delta: -0.25 },
  ],
});

export function product(id: string, price: number, more: object = {}): Product {
  return productSchema.parse({ id, name: `Product ${id}`, price, currency: 'GBP', tax_percent: 20, ...more });
}

export function catalogOf(products: readonly Product[], version = 1): SaleCatalog {
  return {
    version: { epoch: 'k3v9k3v9k3v9k3v9', version },
    product: (id) => products.find((each) => each.id === id) ?? null,
    modifier: (id) => [MILK, SYRUP].find((each) => each.id === id) ?? null,
  };
}

export const PRODUCTS: readonly Product[] = [
  product('COFFEE', 3.2, { modifier_ids: ['MILK', 'SYRUP'] }),
  product('TEA', 2.35, { tax_percent: null }),
  product('CAKE', 4.99, { tax_percent: 5.5 }),
  product('WATER', 0),
];

export function newOrder(): Order {
  return emptyOrder('0192f0c1-2345-7abc-8def-0123456789ab', '2026-11-24T09:00:00.000Z');
}

/** An order after edits; those that are refused change nothing. */
export function edited(edits: readonly OrderEdit[], catalog: SaleCatalog = catalogOf(PRODUCTS)): Order {
  return edits.reduce((order, edit, index) => editOrder(order, edit, catalog, `L${index}`), newOrder());
}

export const CONTEXT: SaleContext = {
  id: saleIdOf(runName(new Uint8Array(5)), 1),
  receiptNumber: '1',
  soldAt: '2026-11-24T09:01:00.000Z',
  staff: null,
};

/** The sale of an order that is paid in cash, to the penny. */
export function paid(order: Order): Sale {
  const amount = order.currency === null ? 0 : toDecimal(reckon(order).total, order.currency);
  return checkout(order, [{ method: 'cash', amount }], CONTEXT);
}

const discounts = fc.oneof(
  fc.record({
    kind: fc.constant('percent' as const),
    value: fc.integer({ min: 1, max: 10_000 }).map((n) => n / 100),
  }),
  fc.record({
    kind: fc.constant('amount' as const),
    value: fc.integer({ min: 1, max: 500 }).map((n) => n / 100),
  }),
);

const lines = fc.record({
  product: fc.constantFrom('COFFEE', 'TEA', 'CAKE', 'WATER'),
  quantity: fc.integer({ min: 1, max: 30 }),
  milk: fc.constantFrom('COW', 'OAT'),
  syrups: fc.subarray(['NUT', 'VAN', 'OWN'], { maxLength: 2 }),
  discount: fc.option(discounts),
});

/** Orders with lines, options and discounts, such as cashiers make. */
export const orders: fc.Arbitrary<Order> = fc
  .record({ lines: fc.array(lines, { minLength: 1, maxLength: 8 }), discount: fc.option(discounts) })
  .map((wish) => {
    const catalog = catalogOf(PRODUCTS);
    const order = wish.lines.reduce((before, line, index) => {
      const modifiers =
        line.product === 'COFFEE'
          ? [
              { modifier_id: 'MILK', option_id: line.milk },
              ...line.syrups.map((option_id) => ({ modifier_id: 'SYRUP', option_id })),
            ]
          : [];
      const add = { edit: 'add', product_id: line.product, quantity: line.quantity, modifiers } as const;
      return editOrder(before, add, catalog, `L${index}`);
    }, newOrder());
    // Discounts as they may come to stand after lines have changed: also more than what they are taken off.
    return {
      ...order,
      lines: order.lines.map((line, index) => ({ ...line, discount: wish.lines[index]?.discount ?? null })),
      discount: wish.discount,
    };
  });
