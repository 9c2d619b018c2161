import { TillcastError } from '@tillcast/protocol/errors';
import { rowOf, withPrice } from '@tillcast/protocol/items/item';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const PRODUCT = { id: 'P1', name: 'Flat white', price: 3.6, currency: 'GBP' };
const MODIFIER = {
  id: 'MILK',
  name: 'Milk',
  currency: 'GBP',
  min_choices: 1,
  max_choices: 1,
  options: [
    { id: 'COW', name: 'Cow' },
    { id: 'OAT', name: 'Oat', price_delta: 0.4 },
    { id: 'NONE', name: 'None', price_delta: -0.1 },
  ],
};

describe('canonical form', () => {
  test('[I1] an item has one text, in whatever order its fields came', () => {
    const full: unknown = JSON.parse(rowOf('product', PRODUCT).body);
    const entries = Object.entries(full as object);
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: entries.length }), (shuffled) => {
        expect(rowOf('product', Object.fromEntries(shuffled)).body).toBe(rowOf('product', PRODUCT).body);
      }),
    );
  });

  test('[I1] what was left out stands in the text with its default', () => {
    expect(rowOf('product', PRODUCT).body).toBe(
      '{"id":"P1","name":"Flat white","price":3.6,"currency":"GBP","category_id":null,"barcode":null,' +
        '"tax_percent":null,"modifier_ids":[],"available":true,"sort_order":0}',
    );
  });

  test('[I2] a new price changes nothing else of the text, fields unknown here included', () => {
    const body = rowOf('product', PRODUCT).body.replace('{', '{"from_the_future":{"b":1,"a":2},');
    const expected = body.replace('"price":3.6', '"price":3.8');
    expect(withPrice(body, 3.8, 'GBP')).toBe(expected);
  });
});

describe('the operator door', () => {
  test.each<[string, ItemKind, unknown, string]>([
    ['a negative price', 'product', { ...PRODUCT, price: -1 }, '/price'],
    ['a price that is NaN', 'product', { ...PRODUCT, price: Number.NaN }, '/price'],
    ['a price as text', 'product', { ...PRODUCT, price: '3.60' }, '/price'],
    ['a price too precise', 'product', { ...PRODUCT, price: 3.605 }, '/price'],
    ['a price beyond 2^53', 'product', { ...PRODUCT, price: 2 ** 53 }, '/price'],
    ['an unknown currency', 'product', { ...PRODUCT, currency: 'XXX' }, '/currency'],
    ['an unknown field', 'product', { ...PRODUCT, colour: 'red' }, ''],
    ['an empty name', 'product', { ...PRODUCT, name: '' }, '/name'],
    ['a blank name', 'product', { ...PRODUCT, name: ' \t' }, '/name'],
    ['a NUL in the id', 'product', { ...PRODUCT, id: 'P\0' }, '/id'],
    ['a terminal escape in the name', 'product', { ...PRODUCT, name: 'x\u001b[31m' }, '/name'],
    ['an id with a space at its end', 'product', { ...PRODUCT, id: 'P ' }, '/id'],
    ['an id of 65 characters', 'product', { ...PRODUCT, id: 'P'.repeat(65) }, '/id'],
    ['no id', 'category', { name: 'Coffee' }, '/id'],
    ['a color that is none', 'category', { id: 'C', name: 'Coffee', color: 'red' }, '/color'],
    ['no option', 'modifier', { ...MODIFIER, options: [] }, '/options'],
    [
      'two options of one id',
      'modifier',
      { ...MODIFIER, options: [MODIFIER.options[0], MODIFIER.options[0]] },
      '/options/1/id',
    ],
    ['least above most', 'modifier', { ...MODIFIER, min_choices: 2 }, '/min_choices'],
    [
      'an option too precise',
      'modifier',
      { ...MODIFIER, options: [{ id: 'A', name: 'A', price_delta: 0.001 }] },
      '/options/0/price_delta',
    ],
    ['half a seat', 'table', { id: 'T1', name: 'Table 1', seats: 1.5 }, '/seats'],
    ['a PIN in the place of its hash', 'user', { id: 'U1', name: 'Mia', pin_hash: '1234' }, '/pin_hash'],
    ['an array', 'product', [], ''],
    ['null', 'product', null, ''],
  ])('[I3] an item with %s is refused, and the error points there', (_, kind, input, pointer) => {
    const refusal = attempt(() => rowOf(kind, input));
    expect(refusal).toBeInstanceOf(TillcastError);
    expect(refusal).toMatchObject({ code: 'item_invalid' });
    expect((refusal as TillcastError).details.map((each) => each.pointer)).toContain(pointer);
  });

  test('[I4] a PIN itself is refused, its salted slow hash is taken', () => {
    const hash = `scrypt$16384$8$1$${'s'.repeat(22)}$${'h'.repeat(43)}`;
    expect(attempt(() => rowOf('user', { id: 'U1', name: 'Mia', pin_hash: '4711' }))).toMatchObject({
      code: 'item_invalid',
    });
    expect(JSON.parse(rowOf('user', { id: 'U1', name: 'Mia', pin_hash: hash }).body)).toMatchObject({
      pin_hash: hash,
    });
  });

  test('[I3] an own __proto__ field is refused, and no prototype is touched', () => {
    const hostile: unknown = JSON.parse(
      '{"id":"P1","name":"x","price":1,"currency":"GBP","__proto__":{"polluted":true}}',
    );
    expect(attempt(() => rowOf('product', hostile))).toMatchObject({ code: 'item_invalid' });
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('[I3] names in any script, with joiners and marks, are let in as they are', () => {
    const name = 'قهوة · ☕️ · 👩‍🍳 · Crème brûlée';
    expect(JSON.parse(rowOf('product', { ...PRODUCT, name }).body)).toMatchObject({ name });
  });
});

function attempt(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
