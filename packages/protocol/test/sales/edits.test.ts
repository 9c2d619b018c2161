import { expect, test } from 'vitest';
import { checkout } from '../../src/sales/checkout.ts';
import { editOrder, type OrderEdit, orderEditSchema } from '../../src/sales/order-edits.ts';
import { reckon } from '../../src/sales/reckoning.ts';
import { CONTEXT, catalogOf, edited, newOrder, PRODUCTS, product } from './orders.ts';

const oat = { modifier_id: 'MILK', option_id: 'OAT' };
const coffee: OrderEdit = { edit: 'add', product_id: 'COFFEE', quantity: 1, modifiers: [oat] };

test('[U4] a line keeps the price at which it was added, with the version at which it was read', () => {
  const before = edited([coffee], catalogOf(PRODUCTS, 41));
  const dearer = catalogOf([product('COFFEE', 3.5, { modifier_ids: ['MILK', 'SYRUP'] })], 42);
  const after = editOrder(before, { edit: 'quantity', line_id: 'L0', quantity: 2 }, dearer, 'new');
  expect(after.lines).toMatchObject([
    {
      unit_price: 3.2,
      quantity: 2,
      price_read_at: { version: 41 },
      modifiers: [{ name: 'Oat', price_delta: 0.4 }],
    },
  ]);
  expect(reckon(after).total).toBe(720);
  const added = editOrder(after, coffee, dearer, 'L9');
  expect(added.lines).toMatchObject([
    { unit_price: 3.2 },
    { unit_price: 3.5, price_read_at: { version: 42 } },
  ]);
});

test('the same again is one more on its line, but beside one with a note or a discount', () => {
  const twice = edited([coffee, coffee]);
  expect(twice.lines).toMatchObject([{ quantity: 2 }]);
  const noted = edited([coffee, { edit: 'note', line_id: 'L0', note: 'extra hot' }, coffee]);
  expect(noted.lines).toMatchObject([
    { quantity: 1, note: 'extra hot' },
    { quantity: 1, note: null },
  ]);
});

test('each edit is a revision, and an order without lines has neither a currency nor a discount', () => {
  const order = edited([
    coffee,
    { edit: 'table', table_id: 'T4' },
    { edit: 'order_discount', discount: { kind: 'percent', value: 10 } },
    { edit: 'remove', line_id: 'L0' },
  ]);
  expect(order).toMatchObject({ revision: 4, currency: null, discount: null, lines: [], table_id: 'T4' });
});

const refusals: readonly [string, OrderEdit, string, RegExp][] = [
  [
    'an unknown product',
    { edit: 'add', product_id: 'GONE', quantity: 1, modifiers: [] },
    'item_not_found',
    /GONE/,
  ],
  [
    'too few options',
    { edit: 'add', product_id: 'COFFEE', quantity: 1, modifiers: [] },
    'modifiers_invalid',
    /choose 1 of Milk/,
  ],
  ['an option twice', { ...coffee, modifiers: [oat, oat] }, 'modifiers_invalid', /twice/],
  [
    'an option that is none',
    { ...coffee, modifiers: [{ ...oat, option_id: 'SOY' }] },
    'modifiers_invalid',
    /no such option/,
  ],
  [
    'another product’s options',
    { edit: 'add', product_id: 'TEA', quantity: 1, modifiers: [oat] },
    'modifiers_invalid',
    /no choice "MILK"/,
  ],
  ['a line that is gone', { edit: 'remove', line_id: 'L7' }, 'order_invalid', /not in the order/],
  [
    'more off a line than it costs',
    { edit: 'line_discount', line_id: 'L0', discount: { kind: 'amount', value: 3.61 } },
    'discount_invalid',
    /3\.61 off is more than the 3\.60/,
  ],
  [
    'more off the order than it costs',
    { edit: 'order_discount', discount: { kind: 'amount', value: 4 } },
    'discount_invalid',
    /4\.00 off is more than the 3\.60/,
  ],
  [
    'a part of a penny',
    { edit: 'order_discount', discount: { kind: 'amount', value: 0.001 } },
    'discount_invalid',
    /digits/,
  ],
  ['too many of one', { ...coffee, quantity: 9_999 }, 'order_invalid', /1 to 9999/],
];

test.each(refusals)(
  '[U5] %s is refused in words, and the order stays as it was',
  (_what, edit, code, words) => {
    const order = edited([coffee]);
    const asItWas = structuredClone(order);
    expect(() => editOrder(order, edit, catalogOf(PRODUCTS), 'new')).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(words) }),
    );
    expect(order).toEqual(asItWas);
  },
);

test('[U5] what is not for sale, or sold in another currency, is refused by name', () => {
  const catalog = catalogOf([
    ...PRODUCTS,
    product('OFF', 1, { available: false }),
    product('EURO', 1, { currency: 'EUR' }),
  ]);
  const order = edited([coffee]);
  expect(() => editOrder(order, { ...coffee, product_id: 'OFF', modifiers: [] }, catalog, 'n')).toThrow(
    expect.objectContaining({ code: 'product_unavailable' }),
  );
  expect(() => editOrder(order, { ...coffee, product_id: 'EURO', modifiers: [] }, catalog, 'n')).toThrow(
    /EUR/,
  );
});

test.each([
  { edit: 'quantity', line_id: 'L0', quantity: -1 },
  { edit: 'quantity', line_id: 'L0', quantity: 1.5 },
  { edit: 'line_discount', line_id: 'L0', discount: { kind: 'percent', value: 101 } },
  { edit: 'order_discount', discount: { kind: 'amount', value: -1 } },
  { edit: 'add', product_id: 'TEA', quantity: 1, price: 0 },
  { edit: 'give_away' },
])('[U5] an edit that is none is refused at the door: %j', (edit) => {
  expect(orderEditSchema.safeParse(edit).success).toBe(false);
});

test('[U5] a payment that does not fit is refused in words, and cash has its change', () => {
  const order = edited([coffee]);
  const pay = (...payments: Parameters<typeof checkout>[1]): unknown => checkout(order, payments, CONTEXT);
  expect(() => pay({ method: 'card', amount: 3 })).toThrow(/come to 3\.00, and the total is 3\.60/);
  expect(() => pay({ method: 'cash', amount: 3.6, tendered: 3 })).toThrow(/less than what is to pay/);
  expect(() => pay({ method: 'card', amount: 3.6, tendered: 5 })).toThrow(/exact/);
  expect(() => checkout(newOrder(), [], CONTEXT)).toThrow(expect.objectContaining({ code: 'order_invalid' }));
  expect(pay({ method: 'card', amount: 1.6 }, { method: 'cash', amount: 2, tendered: 5 })).toMatchObject({
    payments: [{ change: null }, { tendered: 5, change: 3 }],
    total: 3.6,
    tax: 0.6,
  });
});
